import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Principal } from '../../../src/policy/types.ts'
import { buildSigner } from '../../../src/proxy/assertion.ts'

const memberOf = (groups: readonly string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 'sub-max',
  kind: 'person',
  username: 'max',
  groups: new Set(groups),
  projectIds: new Set(),
})

test('an assertion says when it had to leave groups out', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const claimsOf = async (groups: readonly string[]) =>
    decodeJwt(await signer.sign('core', { principal: memberOf(groups), role: 'user', project: undefined }))

  assert.equal((await claimsOf(['a', 'b'])).groups_truncated, undefined)
  const crowded = await claimsOf(Array.from({ length: 500 }, (_, at) => `a-security-group-of-the-company-${at}`))
  assert.equal(crowded.groups_truncated, true)
  assert.ok((crowded.groups as string[]).length < 500)
})

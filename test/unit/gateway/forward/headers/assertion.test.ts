import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { buildSigner } from '../../../../../src/gateway/forward/headers/assertion.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'

const memberOf = (groups: readonly string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 'sub-max',
  kind: 'person',
  username: 'max',
  groups: new Set(groups),
  projectIds: new Set(),
})

test('an assertion states that groups were left out', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const claimsOf = async (groups: readonly string[]) =>
    decodeJwt(await signer.sign('core', { principal: memberOf(groups), role: 'user', project: undefined }))

  assert.equal((await claimsOf(['a', 'b'])).groups_truncated, undefined)
  const crowded = await claimsOf(Array.from({ length: 500 }, (_, at) => `a-security-group-of-the-company-${at}`))
  assert.equal(crowded.groups_truncated, true)
  assert.ok((crowded.groups as string[]).length < 500)
})

test('an assertion is reused for some seconds, only for the same principal, route, role and projects', async () => {
  let now = 0
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => now, secrets: ['s'.repeat(32)] })
  const alpha = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: [], viewerGroups: [] }
  const max = { principal: memberOf(['a']), role: 'editor' as const, project: alpha }
  const jwt = await signer.sign('core', max)
  assert.equal(signer.peek('core', max), jwt)
  const others: [string, Parameters<typeof signer.peek>[1]][] = [
    ['mlflow', max],
    ['core', { ...max, role: 'viewer' }],
    ['core', { ...max, project: { ...alpha, id: '22222222-2222-4222-8222-222222222222' } }],
    ['core', { ...max, project: undefined }],
    ['core', { ...max, projects: [] }],
    ['core', { ...max, principal: memberOf(['a']) }],
  ]
  for (const [audience, subject] of others) assert.equal(signer.peek(audience, subject), undefined)
  now = 10_000
  assert.equal(signer.peek('core', max), undefined)
})

test('a principal with many projects keeps the assertions of the most recent ones', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const principal = memberOf(['a'])
  const projects = Array.from({ length: 40 }, (_, at) => ({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    name: `p${at}`,
    groups: [],
    viewerGroups: [],
  }))
  for (const project of projects) await signer.sign('core', { principal, role: 'admin', project })
  const known = projects.filter((project) => signer.peek('core', { principal, role: 'admin', project }) !== undefined)
  assert.deepEqual(known, projects.slice(-16))
})

test('an assertion states that a rule over claims made the caller a member', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const claimsOf = async (grants: Principal['grants']) =>
    decodeJwt(
      await signer.sign('core', {
        principal: { ...memberOf([]), ...(grants && { grants }) },
        ...{ role: 'editor', project: undefined },
      }),
    )
  const grant = { projectId: '11111111-1111-4111-8111-111111111111', role: 'editor' as const, rule: 'train-alpha' }
  assert.equal((await claimsOf([grant])).granted, true)
  assert.equal((await claimsOf([])).granted, undefined)
  assert.equal((await claimsOf(undefined)).granted, undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlineErrors } from '../../../../src/cli/check/online.ts'
import { testConfig } from '../../gateway/signin/kit.ts'

test('check --online names the store that does not answer, and not what its address holds', async () => {
  const issuer = { url: 'http://127.0.0.1:1', clientId: 'gateway', secret: 'not-a-placeholder' }
  const session = { store: 'redis://gateway:hunter2@127.0.0.1:1', storeTimeoutMs: 50 }
  const errors = await onlineErrors(testConfig(issuer, { session }))
  const paths = errors.map(({ path }) => path)
  assert.ok(paths.includes('issuer.url') && paths.includes('session.store'))
  assert.ok(!JSON.stringify(errors).includes('hunter2'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '../../../../../src/gateway/sessions/stores/open.ts'
import { ConfigurationError } from '../../../../../src/shared/settings/field-errors.ts'
import { testConfig } from '../../signin/kit.ts'

const issuer = { url: 'http://127.0.0.1:1', clientId: 'gateway', secret: 'not-a-placeholder' }
const withSession = (session: Record<string, unknown>) => testConfig(issuer, { session })

for (const storeTimeoutMs of [50, 80]) {
  test(`a Redis that is down gets ${storeTimeoutMs} ms, as storeTimeoutMs says`, async () => {
    const backend = await openBackend(withSession({ store: 'redis://127.0.0.1:1', storeTimeoutMs }), Date.now)
    await assert.rejects(backend.ping(), new RegExp(`waited ${storeTimeoutMs} ms`))
    await backend.close()
  })
}

const refused: [string, Record<string, unknown>, string][] = [
  ['an address that cannot be parsed', { store: 'redis+sentinel://one,two' }, 'session.store'],
  ['storeCa that is no certificate', { store: 'rediss://cache', storeCa: 'hello' }, 'session.storeCa'],
  ['storeCa for a store without TLS', { storeCa: '-----BEGIN CERTIFICATE-----' }, 'session.storeCa'],
]
for (const [name, session, path] of refused) {
  test(`refuses ${name} when the configuration is loaded`, () => {
    assert.throws(
      () => withSession(session),
      (error: unknown) => error instanceof ConfigurationError && error.errors.some((fault) => fault.path === path),
    )
  })
}

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { pino } from 'pino'
import { parseCoreConfig } from '../../../src/core-api/config.ts'
import { openStorage } from '../../../src/core-api/store/open.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'

const good = `
gateway: { publicUrl: "https://o.example" }
access: { adminGroup: admins }
encryption: { token: "\${env:AOA_CONN_ENCRYPTION_TOKEN}" }
`
const env = { AOA_CONN_ENCRYPTION_TOKEN: 'a-token-without-spaces' }
const fieldErrorsOf = (text: string, given: NodeJS.ProcessEnv = env) => {
  try {
    parseCoreConfig(text, 'core.yaml', given)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.errors
    throw error
  }
  return []
}

test('a minimal configuration gets defaults', () => {
  const config = parseCoreConfig(good, 'core.yaml', env)
  assert.equal(config.server.listen, '127.0.0.1:8081')
  assert.equal(config.gateway?.audience, 'core')
  assert.equal(config.storage.url, `sqlite:${resolve('core.db')}`)
  assert.equal(config.jobs.userIs, 'subject')
  assert.equal(config.encryption.token, 'a-token-without-spaces')
  assert.ok(Object.isFrozen(config.encryption))
})

describe('errors name the key, what was expected and what was received', () => {
  const table: [string, string, string, NodeJS.ProcessEnv?][] = [
    ['a token with a space', good, 'encryption.token', { AOA_CONN_ENCRYPTION_TOKEN: 'two words' }],
    ['a token with a line end inside', good, 'encryption.token', { AOA_CONN_ENCRYPTION_TOKEN: 'two\nlines' }],
    ['no token', good, 'encryption.token', {}],
    ['neither gateway nor issuer', good.replace(/gateway:.*/, ''), 'gateway'],
    [
      'an audience list that is empty',
      `${good}issuer: { url: "https://sso.example", audiences: [] }`,
      'issuer.audiences',
    ],
    [
      'an algorithm without a key pair',
      `${good}issuer: { url: "https://x", audiences: [a], algorithms: [HS256] }`,
      'issuer.algorithms.0',
    ],
    ['another database', `${good}storage: { url: "mysql://x" }`, 'storage.url'],
    ['an unknown key', `${good}cache: {}`, 'cache'],
    [
      'the same token twice',
      good.replace('TOKEN}"', 'TOKEN}", previousTokens: [a-token-without-spaces]'),
      'encryption.previousTokens',
    ],
    ['no administrators', good.replace('admins', '""'), 'access.adminGroup'],
  ]
  for (const [what, text, path, given] of table)
    test(what, () => {
      const errors = fieldErrorsOf(text, given)
      const error = errors.find((each) => each.path === path)
      assert.ok(error, JSON.stringify(errors))
      assert.ok(!JSON.stringify(errors).includes('two words') && !JSON.stringify(errors).includes('a-token-'))
    })
})

test('a password in the storage URL is not shown', () => {
  const errors = fieldErrorsOf(`${good}storage: { url: "mysql://core:hunter2@db/core" }`)
  assert.ok(!JSON.stringify(errors).includes('hunter2'))
})

test('storage.url without a usable database is one error that shows no password', async () => {
  const log = pino({ level: 'silent' })
  for (const url of [
    'postgresql://core:needle#x@db:port/core',
    'postgresql://core:need/le@db/core',
    'sqlite:/none/needle/core.db',
    'sqlite:/',
  ]) {
    const opening = openStorage({ url, connections: 1, timeoutSeconds: 1 }, log)
    await assert.rejects(opening, (error: Error) => {
      assert.ok(error instanceof ConfigurationError, `${url}: ${error}`)
      assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /need/)
      return true
    })
  }
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCoreConfig } from '../../../src/core-api/config.ts'
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
  assert.equal(config.storage.url, 'sqlite:core.db')
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

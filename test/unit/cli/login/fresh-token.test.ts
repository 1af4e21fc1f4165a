import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CliError } from '../../../../src/cli/cli-error.ts'
import { chooseGateway, freshSignIn } from '../../../../src/cli/login/fresh-token.ts'
import { type SignIn, TokenCache } from '../../../../src/cli/login/token-cache.ts'
import { startStubIssuer } from './stub-issuer.ts'

const gateway = 'https://o.example'
const now = 1_790_000_000
const clock = () => now * 1000
const renewed = { access_token: 'renewed', token_type: 'bearer', expires_in: 300, refresh_token: 'second' }

async function cacheHolding(t: TestContext, issuer: string, expiresIn: number): Promise<TokenCache> {
  const dir = await mkdtemp(join(tmpdir(), 'tokens-'))
  t.after(() => rm(dir, { recursive: true }))
  const cache = new TokenCache(join(dir, 'modelops-gateway'))
  const signIn: SignIn = {
    issuer,
    client_id: 'cli',
    username: 'bob',
    access_token: 'previous',
    issued_at: now + expiresIn - 300,
    expires_at: now + expiresIn,
    refresh_token: 'first',
  }
  await cache.update(async () => ({ version: 1, current: gateway, gateways: { [gateway]: signIn } }))
  return cache
}

async function issuerAnswering(t: TestContext, status: number, body: Record<string, unknown>) {
  const issuer = await startStubIssuer(() => ({ status, body }))
  t.after(() => issuer.close())
  return issuer
}

test('a token with life left is printed without asking the issuer', async (t) => {
  const issuer = await issuerAnswering(t, 200, renewed)
  const cache = await cacheHolding(t, issuer.url, 120)
  assert.equal((await freshSignIn(cache, gateway, clock)).access_token, 'previous')
  assert.deepEqual(issuer.refreshed, [])
})

test('twenty callers at once refresh once and all get the new token', async (t) => {
  const issuer = await issuerAnswering(t, 200, renewed)
  const cache = await cacheHolding(t, issuer.url, 10)
  const answers = await Promise.all(Array.from({ length: 20 }, () => freshSignIn(cache, gateway, clock)))
  assert.deepEqual(new Set(answers.map((answer) => answer.access_token)), new Set(['renewed']))
  assert.deepEqual(issuer.refreshed, ['first'])
})

test('the rotated refresh token is kept for the next time, readable by its owner alone', async (t) => {
  const issuer = await issuerAnswering(t, 200, renewed)
  const cache = await cacheHolding(t, issuer.url, -1)
  await freshSignIn(cache, gateway, clock)
  const kept = (await cache.load()).gateways[gateway]
  assert.equal(kept?.refresh_token, 'second')
  assert.equal(kept?.username, 'bob')
  assert.equal((await stat(cache.path)).mode & 0o777, 0o600)
})

test('an issuer that does not rotate leaves the previous refresh token in place', async (t) => {
  const { refresh_token: _, ...unrotated } = renewed
  const issuer = await issuerAnswering(t, 200, unrotated)
  const cache = await cacheHolding(t, issuer.url, -1)
  assert.equal((await freshSignIn(cache, gateway, clock)).refresh_token, 'first')
})

test('a sign-in that the issuer has ended is said so, with the command to run', async (t) => {
  const issuer = await issuerAnswering(t, 400, { error: 'invalid_grant' })
  const cache = await cacheHolding(t, issuer.url, 10)
  await assert.rejects(freshSignIn(cache, gateway, clock), (error: unknown) => {
    assert.ok(error instanceof CliError)
    assert.match(error.message, /has ended.*login --gateway https:\/\/o\.example/)
    return true
  })
})

test('an issuer that is away costs nothing while the token at hand lives', async (t) => {
  const issuer = await issuerAnswering(t, 503, {})
  const cache = await cacheHolding(t, issuer.url, 10)
  assert.equal((await freshSignIn(cache, gateway, clock)).access_token, 'previous')
})

test('an issuer that is away is an error once the token has expired, and no token is in it', async (t) => {
  const issuer = await issuerAnswering(t, 503, {})
  const cache = await cacheHolding(t, issuer.url, -1)
  await assert.rejects(freshSignIn(cache, gateway, clock), (error: unknown) => {
    assert.ok(error instanceof CliError)
    assert.ok(!/previous|first/.test(error.message))
    return true
  })
})

test('a token that no header could carry is not kept', async (t) => {
  const issuer = await issuerAnswering(t, 200, { ...renewed, access_token: 'a\nSet-Cookie: b' })
  const cache = await cacheHolding(t, issuer.url, -1)
  await assert.rejects(freshSignIn(cache, gateway, clock), CliError)
  assert.ok(!(await readFile(cache.path, 'utf8')).includes('Set-Cookie'))
})

test('nobody signed in: the message says which command to run', async (t) => {
  const cache = await cacheHolding(t, 'http://127.0.0.1:1', 300)
  assert.throws(() => chooseGateway({ version: 1, gateways: {} }, undefined), /modelops-gateway login --gateway URL/)
  assert.equal(chooseGateway(await cache.load(), undefined), gateway)
  await assert.rejects(freshSignIn(cache, 'https://other.example', clock), /not signed in to https:\/\/other\.example/)
})

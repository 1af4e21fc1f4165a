import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { startTokenKit } from '../../tokens/kit.ts'

/** `jwksFile`: keys of an issuer that the gateway cannot reach. */
const CLUSTER = 'https://kubernetes.default.svc.cluster.local'
const folder = mkdtempSync(join(tmpdir(), 'file-keys-'))
const jwksFile = join(folder, 'keys.json')
let fake: FakeIssuer
let cluster: FakeIssuer

before(async () => {
  fake = await startFakeIssuer()
  cluster = await startFakeIssuer()
  await cluster.rotate('one')
})
after(async () => {
  rmSync(folder, { recursive: true })
  await Promise.all([fake.close(), cluster.close()])
})

const write = (...keys: unknown[]) => writeFileSync(jwksFile, JSON.stringify({ keys }))
const kitOf = () =>
  startTokenKit(fake, { issuer: { additional: [{ url: CLUSTER, audiences: ['gateway'], jwksFile }] } })
let count = 0
function token(claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  count += 1
  return cluster.sign({
    iss: CLUSTER,
    aud: 'gateway',
    sub: 's',
    iat: now,
    exp: now + 600,
    jti: String(count),
    ...claims,
  })
}

test('keys come from the file, and follow it', async () => {
  write(cluster.publicJwk())
  const kit = kitOf()
  const verify = async () => kit.verifyBearer(await token(), '192.0.2.1')
  assert.equal((await verify()).subject, `${CLUSTER}#s`)
  const previous = cluster.publicJwk()
  await cluster.rotate('two')
  await assert.rejects(verify(), { reason: 'token-invalid' })
  write(previous, cluster.publicJwk())
  kit.clock.ahead += 1001
  await verify()
  write(previous)
  kit.clock.ahead += 1001
  await assert.rejects(verify(), { reason: 'token-invalid' })
})

test('after an invalid edit the last valid keys stay in use, and the log says so', async () => {
  write(cluster.publicJwk())
  const kit = kitOf()
  writeFileSync(jwksFile, '{"keys": ')
  kit.clock.ahead += 1001
  await kit.verifyBearer(await token(), '192.0.2.1')
  assert.ok(kit.logged.some(({ path }) => path === jwksFile))
})

test('a file without keys stops the start, with its name', () => {
  for (const text of ['', '[]', '{}', '{"keys": {}}', '{"keys": ["x"]}', 'not JSON']) {
    writeFileSync(jwksFile, text)
    assert.throws(kitOf, /keys\.json/, text)
  }
  rmSync(jwksFile)
  assert.throws(kitOf, /keys\.json/)
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer } from '../../signin/fake-issuer.ts'
import { startTokenKit, stranger, strangersJwk } from '../kit.ts'

/** An issuer that nobody can reach, such as a cluster without an address: its keys are in a file. */
const CLUSTER = 'https://cluster.example'
const directory = mkdtempSync(join(tmpdir(), 'modelops-keys-'))
let fake: FakeIssuer
before(async () => {
  fake = await startFakeIssuer()
})
after(async () => {
  rmSync(directory, { recursive: true })
  await fake.close()
})

test('the keys of an additional issuer are those of its file, and nobody is asked for others', async () => {
  const jwksFile = join(directory, 'jwks.json')
  writeFileSync(jwksFile, JSON.stringify({ keys: [await strangersJwk('cluster-key')] }))
  const additional = { url: CLUSTER, audiences: ['https://o.example'], jwksFile, accessTokenTypes: [] }
  const kit = startTokenKit(fake, { issuer: { additional: [additional] } })
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: CLUSTER, aud: 'https://o.example', sub: 'pod', iat: now, exp: now + 60 }
  const signed = (key?: typeof stranger.privateKey) => fake.sign(claims, { kid: 'cluster-key', typ: undefined }, key)
  const principal = await kit.verifyBearer(await signed(stranger.privateKey), '192.0.2.1')
  assert.equal(principal.subject, `${CLUSTER}#pod`)
  await assert.rejects(kit.verifyBearer(await signed(), '192.0.2.1'), { reason: 'token-invalid' })
})

import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { KeyRing } from '../../../src/core-api/crypto/keyring.ts'
import { parseSealed, SealBroken } from '../../../src/core-api/crypto/sealed.ts'

const ring = await KeyRing.open(['first-token'])

test('a sealed text is read back under its own record only', async () => {
  const sealed = await ring.seal('pass word', 'record-1')
  assert.equal(await ring.unseal(sealed, 'record-1'), 'pass word')
  await assert.rejects(ring.unseal(sealed, 'record-2'), SealBroken)
})

test('two sealings of one text have nothing in common but the salt', async () => {
  const [one, other] = await Promise.all([ring.seal('same', 'r'), ring.seal('same', 'r')])
  assert.notEqual(one.text, other.text)
  assert.notDeepEqual(parseSealed(one.text).iv, parseSealed(other.text).iv)
})

test('any changed byte is refused, the tag included', async () => {
  const sealed = await ring.seal('0123456789', 'r')
  const bytes = Buffer.from(sealed.text, 'base64url')
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await assert.rejects(ring.unseal({ ...sealed, text: changed.toString('base64url') }, 'r'), SealBroken, `byte ${at}`)
  }
})

test('a random tag, as the published client writes, is refused', async () => {
  const sealed = await ring.seal('secret', 'r')
  const bytes = Buffer.from(sealed.text, 'base64url')
  bytes.fill(0x5a, bytes.length - 16)
  await assert.rejects(ring.unseal({ ...sealed, text: bytes.toString('base64url') }, 'r'), SealBroken)
})

test('texts that are too short or not base64url are refused before any key is derived', async () => {
  for (const text of ['', 'AAAA', 'A'.repeat(63), `${'A'.repeat(80)} `, `${'A'.repeat(80)}+`]) {
    await assert.rejects(ring.unseal({ text, keyId: ring.currentId }, 'r'), SealBroken, JSON.stringify(text))
  }
})

test('the format is IV 16, salt 16, ciphertext, tag 16, in padded base64url', async () => {
  const { text } = await ring.seal('12345', 'r')
  assert.equal(text.length % 4, 0)
  const { iv, salt, body, tag } = parseSealed(text)
  assert.deepEqual([iv.length, salt.length, body.length, tag.length], [16, 16, 5, 16])
})

test('after a rotation the new token writes and the old one still reads', async () => {
  const old = await ring.seal('kept', 'r')
  const rotated = await KeyRing.open(['second-token', 'first-token'])
  assert.equal(await rotated.unseal(old, 'r'), 'kept')
  const fresh = await rotated.seal('new', 'r')
  assert.notEqual(fresh.keyId, old.keyId)
  await assert.rejects(ring.unseal(fresh, 'r'), /not configured/)
})

test('key derivation leaves the event loop free, and a known key is not derived again', async () => {
  const fresh = await KeyRing.open(['third-token'])
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const sealed = await Promise.all(Array.from({ length: 50 }, () => fresh.seal('x', 'r')))
  delay.disable()
  assert.ok(delay.percentile(50) < 20e6, `median loop delay ${delay.percentile(50)} ns`)
  assert.equal(new Set(sealed.map(({ text }) => parseSealed(text).salt.toString('hex'))).size, 1)
  const startedAt = process.cpuUsage().user
  for (const one of sealed) await fresh.unseal(one, 'r')
  assert.ok(process.cpuUsage().user - startedAt < 400_000, 'fifty derivations would take seconds')
})

test('a salt serves a bounded number of texts', async () => {
  const fresh = await KeyRing.open(['fourth-token'])
  const salts = new Set<string>()
  for (let count = 0; count < 1100; count++)
    salts.add(parseSealed((await fresh.seal('', 'r')).text).salt.toString('hex'))
  assert.equal(salts.size, 2)
})

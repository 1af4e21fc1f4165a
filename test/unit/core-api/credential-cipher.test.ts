import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { DecryptionFailed, parseMessage } from '../../../src/core-api/crypto/aes-gcm.ts'
import { CredentialCipher } from '../../../src/core-api/crypto/credential-cipher.ts'

const cipher = await CredentialCipher.create(['first-token'])

test('a message is decrypted for its own record only', async () => {
  const encrypted = await cipher.encrypt('pass word', 'record-1')
  assert.equal(await cipher.decrypt(encrypted, 'record-1'), 'pass word')
  await assert.rejects(cipher.decrypt(encrypted, 'record-2'), DecryptionFailed)
})

test('two messages of the same text share only the salt', async () => {
  const [one, other] = await Promise.all([cipher.encrypt('same', 'r'), cipher.encrypt('same', 'r')])
  assert.notEqual(one.message, other.message)
  assert.notDeepEqual(parseMessage(one.message).iv, parseMessage(other.message).iv)
})

test('any changed byte is rejected, including the tag', async () => {
  const encrypted = await cipher.encrypt('0123456789', 'r')
  const bytes = Buffer.from(encrypted.message, 'base64url')
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await assert.rejects(
      cipher.decrypt({ ...encrypted, message: changed.toString('base64url') }, 'r'),
      DecryptionFailed,
      `byte ${at}`,
    )
  }
})

test('a random tag, as the published client writes it, is rejected', async () => {
  const encrypted = await cipher.encrypt('secret', 'r')
  const bytes = Buffer.from(encrypted.message, 'base64url')
  bytes.fill(0x5a, bytes.length - 16)
  await assert.rejects(cipher.decrypt({ ...encrypted, message: bytes.toString('base64url') }, 'r'), DecryptionFailed)
})

test('messages that are too short or not base64url are rejected before a key is derived', async () => {
  for (const text of ['', 'AAAA', 'A'.repeat(63), `${'A'.repeat(80)} `, `${'A'.repeat(80)}+`]) {
    await assert.rejects(
      cipher.decrypt({ message: text, keyId: cipher.currentId }, 'r'),
      DecryptionFailed,
      JSON.stringify(text),
    )
  }
})

test('the format is IV 16, salt 16, ciphertext, tag 16, in padded base64url', async () => {
  const { message } = await cipher.encrypt('12345', 'r')
  assert.equal(message.length % 4, 0)
  const { iv, salt, ciphertext, tag } = parseMessage(message)
  assert.deepEqual([iv.length, salt.length, ciphertext.length, tag.length], [16, 16, 5, 16])
})

test('after a rotation the new token encrypts and the old one still decrypts', async () => {
  const old = await cipher.encrypt('kept', 'r')
  const rotated = await CredentialCipher.create(['second-token', 'first-token'])
  assert.equal(await rotated.decrypt(old, 'r'), 'kept')
  const fresh = await rotated.encrypt('new', 'r')
  assert.notEqual(fresh.keyId, old.keyId)
  await assert.rejects(cipher.decrypt(fresh, 'r'), /not configured/)
})

test('key derivation does not block the event loop, and a key is derived once', async () => {
  const fresh = await CredentialCipher.create(['third-token'])
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const encrypted = await Promise.all(Array.from({ length: 50 }, () => fresh.encrypt('x', 'r')))
  delay.disable()
  assert.ok(delay.percentile(50) < 20e6, `median loop delay ${delay.percentile(50)} ns`)
  assert.equal(new Set(encrypted.map(({ message }) => parseMessage(message).salt.toString('hex'))).size, 1)
  const startedAt = process.cpuUsage().user
  for (const one of encrypted) await fresh.decrypt(one, 'r')
  assert.ok(process.cpuUsage().user - startedAt < 400_000, 'fifty derivations would take seconds')
})

test('a salt is used for a bounded number of messages', async () => {
  const fresh = await CredentialCipher.create(['fourth-token'])
  const salts = new Set<string>()
  for (let count = 0; count < 1100; count++)
    salts.add(parseMessage((await fresh.encrypt('', 'r')).message).salt.toString('hex'))
  assert.equal(salts.size, 2)
})

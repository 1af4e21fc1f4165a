import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSession, encodeSession } from '../../../../src/gateway/sessions/codec.ts'
import { seal, unseal } from '../../../../src/gateway/sessions/seal.ts'
import type { Session } from '../../../../src/gateway/sessions/session.ts'
import { deriveKeys, indexKey, recordKey } from '../../../../src/gateway/sessions/session-keys.ts'
import { login, START } from './kit.ts'

const OLD = 'the-former-secret-of-at-least-32-bytes'
const NEW = 'the-present-secret-of-at-least-32-bytes'
const both = deriveKeys([NEW, OLD])

test('sealed text opens under its own key', () => {
  assert.equal(unseal(both, 'key-a', seal(both, 'key-a', 'a text, ä and 🔑')), 'a text, ä and 🔑')
})

test('text sealed with a former secret is read, and new text names the first secret', () => {
  const old = deriveKeys([OLD])
  assert.equal(unseal(both, 'key-a', seal(old, 'key-a', 'text')), 'text')
  assert.ok(seal(both, 'key-a', 'text').startsWith(`${both[0].id}.`))
  assert.equal(unseal(old, 'key-a', seal(both, 'key-a', 'text')), undefined)
})

test('the same text is never sealed into the same bytes', () => {
  const sealed = new Set(Array.from({ length: 1000 }, () => seal(both, 'key-a', 'text').slice(9, 25)))
  assert.equal(sealed.size, 1000)
})

test('sealed text moved under another key does not open', () => {
  assert.equal(unseal(both, 'key-b', seal(both, 'key-a', 'text')), undefined)
})

test('one changed character anywhere in sealed text opens nothing', () => {
  const sealed = seal(both, 'key-a', 'text of a session')
  for (let at = 0; at < sealed.length - 1; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    assert.equal(unseal(both, 'key-a', changed), undefined, `position ${at}`)
  }
})

test('every beginning of sealed text opens nothing and crashes nothing', () => {
  const sealed = seal(both, 'key-a', 'text of a session')
  for (let length = 0; length < sealed.length - 1; length++) {
    assert.equal(unseal(both, 'key-a', sealed.slice(0, length)), undefined, `length ${length}`)
  }
})

for (const [name, text] of [
  ['empty text', ''],
  ['a key id alone', `${both[0].id}.`],
  ['an unknown key id', `AAAAAAAA.${'A'.repeat(80)}`],
  ['characters outside base64url', `${both[0].id}.${'%'.repeat(80)}`],
  ['a shortened tag', `${both[0].id}.${'A'.repeat(30)}`],
] as const) {
  test(`${name} opens nothing`, () => assert.equal(unseal(both, 'key-a', text), undefined))
}

test('every purpose and every secret has a key of its own', () => {
  const keys = both.flatMap(({ seal, tag, record, index }) => [seal, tag, record, index])
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 8)
})

test('a key id does not change with the place of its secret', () => {
  assert.equal(deriveKeys([OLD])[0].id, both[1]?.id)
})

test('a ring without secrets is refused by the name of its field', () => {
  assert.throws(() => deriveKeys([]), /^Error: session\.secrets: expected at least one secret, got none$/)
})

test('hashed keys keep apart what belongs apart', () => {
  const [keys] = both
  const hashes = [
    recordKey(keys, 'a'),
    indexKey(keys, 'subject', 'a', 'b'),
    indexKey(keys, 'sid', 'a', 'b'),
    indexKey(keys, 'subject', 'ab', ''),
    indexKey(keys, 'subject', '', 'ab'),
    indexKey(keys, 'subject', 'a","b', ''),
  ]
  assert.equal(new Set(hashes).size, hashes.length)
})

test('a session is read back as it was written', () => {
  const session: Session = { ...login(), key: 'key-a', createdAt: START, lastSeenAt: START }
  assert.deepEqual(decodeSession('key-a', encodeSession(session)), session)
  assert.ok(!encodeSession(session).includes('key-a'))
})

test('a session of another format is no session', () => {
  const session: Session = { ...login(), key: 'key-a', createdAt: START, lastSeenAt: START }
  const later = { ...JSON.parse(encodeSession(session)), v: 2 }
  assert.equal(decodeSession('key-a', JSON.stringify(later)), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRecord, Sealer, sealRecord } from '../../../../../src/gateway/sessions/crypto/sealing.ts'
import { deriveKeys, indexKey, recordKey } from '../../../../../src/gateway/sessions/crypto/session-keys.ts'
import { decodeSession, encodeSession } from '../../../../../src/gateway/sessions/records/session-codec.ts'
import type { Session } from '../../../../../src/gateway/sessions/session.ts'
import { login, START } from '../kit.ts'

const OLD = 'the-previous-secret-of-at-least-32-bytes'
const NEW = 'the-current-secret-of-at-least-32-bytes'
const both = deriveKeys([NEW, OLD])

test('sealed text opens under its own key', () => {
  assert.equal(openRecord(both, 'key-a', sealRecord(both, 'key-a', 'a text, ä and 🔑')), 'a text, ä and 🔑')
})

test('text sealed with a previous secret opens, and new text names the first secret', () => {
  const old = deriveKeys([OLD])
  assert.equal(openRecord(both, 'key-a', sealRecord(old, 'key-a', 'text')), 'text')
  assert.ok(sealRecord(both, 'key-a', 'text').startsWith(`${both[0].id}.`))
  assert.equal(openRecord(old, 'key-a', sealRecord(both, 'key-a', 'text')), undefined)
})

test('the same text is never sealed to the same bytes', () => {
  const sealed = new Set(Array.from({ length: 1000 }, () => sealRecord(both, 'key-a', 'text').slice(9, 25)))
  assert.equal(sealed.size, 1000)
})

test('sealed text moved under another key does not open', () => {
  assert.equal(openRecord(both, 'key-b', sealRecord(both, 'key-a', 'text')), undefined)
})

test('sealed text with any character changed does not open', () => {
  const sealed = sealRecord(both, 'key-a', 'text of a session')
  for (let at = 0; at < sealed.length - 1; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    assert.equal(openRecord(both, 'key-a', changed), undefined, `position ${at}`)
  }
})

test('empty text is sealed as well', () => {
  assert.equal(openRecord(both, 'key-a', sealRecord(both, 'key-a', '')), '')
  const sealer = new Sealer([NEW], 'login state')
  assert.equal(sealer.open(sealer.seal('', 'context'), 'context'), '')
  assert.equal(sealer.open(sealer.seal('ä', 'context'), 'context'), 'ä')
})

test('truncated sealed text does not open and does not throw', () => {
  const sealed = sealRecord(both, 'key-a', 'text of a session')
  for (let length = 0; length < sealed.length - 1; length++) {
    assert.equal(openRecord(both, 'key-a', sealed.slice(0, length)), undefined, `length ${length}`)
  }
})

for (const [name, text] of [
  ['empty text', ''],
  ['a key id alone', `${both[0].id}.`],
  ['an unknown key id', `AAAAAAAA.${'A'.repeat(80)}`],
  ['characters outside base64url', `${both[0].id}.${'%'.repeat(80)}`],
  ['a shortened tag', `${both[0].id}.${'A'.repeat(30)}`],
] as const) {
  test(`${name} does not open`, () => assert.equal(openRecord(both, 'key-a', text), undefined))
}

/** Sealed before both formats shared one implementation: what browsers and stores contain must stay readable. */
const VECTOR_SECRET = 'a-secret-of-a-fixed-vector-of-at-least-32-bytes'
const LOGIN_CONTEXT = 'cookie-name https://issuer.example gateway'
const vectors = {
  record: 'Nei80jbP.-RR-5crHZGfK-fXaslXbMMhmt2QoWsN7yt3gDgjxopZ1LXf2PbIlnvN1NzCAUKNL',
  login: 'srJJGlrf0VFyQvRYBxEIAjhprX5GMm-yBeEP-kStmFdcJkoCXmIenHvu5Org6qc',
  logout: 'zCrbJG5-fxrbYjRBds-_68VOsWVa4GM8FqEWWFMUDXq-MvmO',
}

test('a record sealed by an earlier version opens, under the same record and index keys', () => {
  const ring = deriveKeys([VECTOR_SECRET])
  assert.equal(openRecord(ring, 'record-key', vectors.record), 'text of a record, ä')
  assert.equal(recordKey(ring[0], 'id'), 'm0HK1gJHlPLCxQTb4ezldVAiBtsNvHReGmc6GGeJSKU')
  assert.equal(indexKey(ring[0], 'sid', 'https://issuer.example', 's1'), 'JDwowxWa6h5CxDULJJuw2onrilyIhRMgvZQDzAHzbYw')
})

test('the key of the tags never changes, so that an upgrade keeps everybody signed in', () => {
  const [{ tag, seal }] = deriveKeys([VECTOR_SECRET])
  assert.equal(tag.toString('base64url'), 'NB6fpcSVwfrOVxyNJ6hdgh9yPV0_-IPJojA1FXAQJ4A')
  assert.equal(seal.length, 32)
})

test('login and logout state sealed by an earlier version opens, also behind a newer secret', () => {
  for (const secrets of [[VECTOR_SECRET], [NEW, VECTOR_SECRET]]) {
    assert.equal(new Sealer(secrets, 'login state').open(vectors.login, LOGIN_CONTEXT), 'text of a login, ä')
    assert.equal(new Sealer(secrets, 'logout state').open(vectors.logout, '/auth/signed-out'), '/mlflow/')
  }
})

test('text that a browser carries opens for no other purpose, context, secret or spelling', () => {
  const sealer = new Sealer([VECTOR_SECRET], 'login state')
  assert.equal(new Sealer([VECTOR_SECRET], 'logout state').open(vectors.login, LOGIN_CONTEXT), undefined)
  assert.equal(new Sealer([NEW], 'login state').open(vectors.login, LOGIN_CONTEXT), undefined)
  assert.equal(sealer.open(vectors.login, `${LOGIN_CONTEXT}2`), undefined)
  for (const spelling of [
    `${vectors.login}=`,
    ` ${vectors.login}`,
    vectors.login.slice(0, -1),
    vectors.login.slice(0, 20),
    '',
  ])
    assert.equal(sealer.open(spelling, LOGIN_CONTEXT), undefined, spelling)
  for (let at = 0; at < vectors.login.length; at++) {
    const changed = vectors.login.slice(0, at) + (vectors.login[at] === 'A' ? 'B' : 'A') + vectors.login.slice(at + 1)
    assert.equal(sealer.open(changed, LOGIN_CONTEXT), undefined, `position ${at}`)
  }
})

test('a sealer without secrets is refused with the name of the field', () => {
  assert.throws(
    () => new Sealer([], 'login state'),
    /^Error: session\.secrets: expected at least one secret, got none$/,
  )
})

test('every purpose and every secret has a key of its own', () => {
  const keys = both.flatMap(({ seal, tag, record, index }) => [seal, tag, record, index])
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 8)
})

test('a key id does not depend on the position of its secret', () => {
  assert.equal(deriveKeys([OLD])[0].id, both[1]?.id)
})

test('a key ring without secrets is refused with the name of the field', () => {
  assert.throws(() => deriveKeys([]), /^Error: session\.secrets: expected at least one secret, got none$/)
})

test('different inputs have different hashed keys', () => {
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

test('a decoded session equals the encoded one', () => {
  const session: Session = { ...login(), key: 'key-a', createdAt: START, lastSeenAt: START }
  assert.deepEqual(decodeSession('key-a', encodeSession(session)), session)
  assert.ok(!encodeSession(session).includes('key-a'))
})

test('a session of another version is not decoded', () => {
  const session: Session = { ...login(), key: 'key-a', createdAt: START, lastSeenAt: START }
  const later = { ...JSON.parse(encodeSession(session)), v: 2 }
  assert.equal(decodeSession('key-a', JSON.stringify(later)), undefined)
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { REQUEST_PROOF, requestProof } from '../../../../../src/gateway/forward/headers/request-proof.ts'

const SECRET = 'a request secret of 32 characters'
const REQUEST = { assertion: 'head.claims.signature', method: 'PATCH', path: '/airflow/api/v2/pools/a%20b?x=1' }
const macOf = (...lines: string[]) => createHmac('sha256', SECRET).update(lines.join('\n')).digest('base64url')

test('a proof is the MAC of one request', () => {
  assert.equal(REQUEST_PROOF, 'X-Gateway-Request')
  const [seconds, id, mac] = requestProof(SECRET, REQUEST, 1_700_000_000_999).split('.') as [string, string, string]
  assert.equal(seconds, '1700000000')
  assert.equal(mac, macOf('signature', 'PATCH', '/airflow/api/v2/pools/a%20b?x=1', seconds, id))
})

test('no two requests have the same proof, and none is one of another request', () => {
  const proofs = Array.from({ length: 1000 }, () => requestProof(SECRET, REQUEST, 0))
  assert.equal(new Set(proofs).size, 1000)
  const [seconds, id, mac] = requestProof(SECRET, REQUEST, 0).split('.') as [string, string, string]
  for (const other of [
    macOf('other', REQUEST.method, REQUEST.path, seconds, id),
    macOf('signature', 'GET', REQUEST.path, seconds, id),
    macOf('signature', REQUEST.method, '/airflow/api/v2/pools/a%20b', seconds, id),
    macOf('signature', REQUEST.method, REQUEST.path, '1', id),
    macOf('signature', REQUEST.method, REQUEST.path, seconds, '1'),
  ])
    assert.notEqual(mac, other)
})

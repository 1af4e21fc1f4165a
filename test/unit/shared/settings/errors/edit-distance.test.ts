import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest } from '../../../../../src/shared/settings/errors/edit-distance.ts'

const table: [string, string, number][] = [
  ['', '', 0],
  ['issuer', 'issuer', 0],
  ['isuer', 'issuer', 1],
  ['issuerr', 'issuer', 1],
  ['usser', 'issuer', 2],
  ['isseur', 'issuer', 1],
  ['publicURL', 'publicUrl', 0],
  ['', 'log', 3],
  ['routes', 'cookie', 5],
]
for (const [first, second, distance] of table) {
  test(`"${first}" and "${second}" are ${distance} apart, in both directions`, () => {
    assert.equal(editDistance(first, second), distance)
    assert.equal(editDistance(second, first), distance)
  })
}

test('a name that is close is proposed; one that is not close, or not there, is not', () => {
  const names = ['server', 'issuer', 'session', 'log']
  assert.equal(nearest('isuer', names), 'issuer')
  assert.equal(nearest('sesion', names), 'session')
  assert.equal(nearest('logging', names), 'log')
  assert.equal(nearest('database', names), undefined)
  assert.equal(nearest('ui', names), undefined)
  assert.equal(nearest('issuer', []), undefined)
})

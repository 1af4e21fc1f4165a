import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { claimAtPath, parseClaimPath } from '../../../../src/shared/tokens/claim-path.ts'

const at = (claims: Record<string, unknown>, name: string) => {
  const path = parseClaimPath(name)
  assert.ok(path, name)
  return claimAtPath(claims, path)
}

test('a name with dots and slashes is one claim; a pointer leads into an object', () => {
  const claims = {
    'kubernetes.io': { namespace: 'ml', 'x/y': 'slash', 'x~y': 'tilde' },
    'kubernetes.io.namespace': 'forged',
    'https://o.example/groups': 'one',
    kubernetes: { io: { namespace: 'forged' } },
  }
  assert.equal(at(claims, '/kubernetes.io/namespace'), 'ml')
  assert.equal(at(claims, 'kubernetes.io.namespace'), 'forged')
  assert.equal(at(claims, 'https://o.example/groups'), 'one')
  assert.equal(at(claims, '/https:~1~1o.example~1groups'), 'one')
  assert.equal(at(claims, '/kubernetes.io/x~1y'), 'slash')
  assert.equal(at(claims, '/kubernetes.io/x~0y'), 'tilde')
})

test('nothing leads into a list, a text, or what every object inherits', () => {
  const claims = { list: ['a', { b: 'c' }], text: 'abc', none: null }
  for (const name of ['/list/0', '/list/1/b', '/list/length', '/text/length', '/text/0', '/none/x', '/gone/x'])
    assert.equal(at(claims, name), undefined, name)
  for (const name of ['constructor', '/constructor/name', '__proto__', '/text/constructor', 'toString'])
    assert.equal(at(claims, name), undefined, name)
  assert.equal(at(JSON.parse('{"__proto__": "own"}'), '__proto__'), 'own')
})

test('texts that are no name and no pointer', () => {
  for (const text of ['', '/', '//', '/a/', '/a//b', '/a~', '/a~2b', '/~'])
    assert.equal(parseClaimPath(text), undefined)
})

test('each claim has one pointer: writing it and reading it gives its path', () => {
  const member = fc.string({ minLength: 1 })
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 4 }), (path) => {
      const text = path.map((each) => `/${each.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
      assert.deepEqual(parseClaimPath(text), path)
    }),
  )
})

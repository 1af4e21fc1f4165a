import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileRules } from '../../../../../src/gateway/tokens/rules/compile-rules.ts'
import { grantsOf, nearestInWords, nearestRule } from '../../../../../src/gateway/tokens/rules/match-rules.ts'

type Rules = Parameters<typeof compileRules>[0]
type Projects = Parameters<typeof compileRules>[1]

const ALPHA = '11111111-1111-4111-8111-111111111111'
const LISTED = { source: 'static', list: [{ id: ALPHA, name: 'alpha' }] } as unknown as Projects
const CLAIMED = { source: 'claim' } as unknown as Projects
const rule = (name: string, claims: Record<string, string>, project = ALPHA, role = 'editor') => ({
  ...{ name, claims, project, role },
})
const compiled = (rules: object[], projects = LISTED) => compileRules(rules as Rules, projects)

test('a rule is compiled once, with the ID of its project', () => {
  assert.deepEqual(compiled([rule('r', { sub: 'x', '/a/b': 'y/*' }, 'alpha', 'viewer')]), [
    {
      name: 'r',
      role: 'viewer',
      projectId: ALPHA,
      claims: [
        { name: 'sub', path: ['sub'], pattern: { text: 'x', pieces: undefined } },
        { name: '/a/b', path: ['a', 'b'], pattern: { text: 'y/*', pieces: ['y', '/', '*'] } },
      ],
    },
  ])
  assert.equal(compiled([rule('r', {}, ALPHA.toUpperCase())], CLAIMED)[0]?.projectId, ALPHA)
  assert.deepEqual(compileRules(undefined, LISTED), [])
})

test('a rule of no project, or of no claim, is a mistake of the configuration', () => {
  for (const [project, projects] of [
    ['beta', LISTED],
    ['alpha', CLAIMED],
  ] as const)
    assert.throws(() => compiled([rule('r', {}, project)], projects), { name: 'TypeError', message: /^(beta|alpha): / })
  for (const claim of ['', '/', '/a//b']) assert.throws(() => compiled([rule('r', { [claim]: 'x' })]), TypeError)
})

const rules = compiled([
  rule('train', { repo: '1', ref: 'main', env: 'prod' }),
  rule('check', { repo: '1', ref: 'check' }, ALPHA, 'viewer'),
  rule('other', { repo: '2' }),
])

test('every rule whose claims are all met gives its role', () => {
  assert.deepEqual(grantsOf(rules, { repo: '1', ref: 'check', env: 'prod' }), [
    { projectId: ALPHA, role: 'viewer', rule: 'check' },
  ])
  assert.deepEqual(
    grantsOf(rules, { repo: '2', ref: 'main' }).map((grant) => grant.rule),
    ['other'],
  )
  for (const claims of [{}, { repo: '1' }, { repo: '1', ref: 'main' }, { ref: 'check' }])
    assert.deepEqual(grantsOf(rules, claims), [], JSON.stringify(claims))
})

const nearest: [claims: Record<string, unknown>, rule: string, unmet: string[]][] = [
  [{ repo: '1', ref: 'main' }, 'train', ['env']],
  [{ repo: '1' }, 'check', ['ref']],
  [{ repo: '3', ref: 'check' }, 'check', ['repo']],
  [{ repo: '3' }, 'other', ['repo']],
  [{ repo: '3', ref: 'main', env: 'prod' }, 'train', ['repo']],
]
for (const [claims, name, unmet] of nearest)
  test(`the nearest rule of ${JSON.stringify(claims)} is ${name}`, () => {
    for (const inSomeOrder of [rules, rules.toReversed()]) {
      const found = nearestRule(inSomeOrder, claims)
      assert.equal(found?.rule, name)
      assert.deepEqual(
        found.unmet.map(({ claim }) => claim),
        unmet,
      )
    }
  })

test('without rules none is near', () => assert.equal(nearestRule([], {}), undefined))

const received: [value: unknown, text: string][] = [
  [undefined, 'no such claim'],
  [['main'], 'a list, which never matches'],
  [null, 'null, which never matches a text'],
  [7, 'a number, which never matches a text'],
  [{}, 'a object, which never matches a text'],
  ['MAIN', 'MAIN (in other case)'],
  ['main\n', 'main?'],
  ['dev', 'dev'],
]
for (const [value, text] of received)
  test(`an administrator reads of ${JSON.stringify(value)}: ${text}`, () => {
    const found = nearestRule(compiled([rule('r', { ref: 'main' })]), { ref: value })
    assert.deepEqual(found, { rule: 'r', unmet: [{ claim: 'ref', expected: 'main', received: text }] })
  })

test('the log has the nearest rule in one line', () => {
  assert.equal(
    nearestInWords(nearestRule(compiled([rule('r', { ref: 'main', env: 'prod' })]), { ref: 'dev' }) ?? assert.fail()),
    'nearest rule r: ref: expected main, got dev; env: expected prod, got no such claim',
  )
})

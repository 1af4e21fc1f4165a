import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allowList, type Finding, problems } from '../../../../infra/supply-chain/advisories.ts'

const finding: Finding = { advisory: 'GHSA-1', package: 'jose', file: 'package-lock.json', title: 'bad' }
const entry = { advisory: 'GHSA-1', package: 'jose', until: '2026-12-31', reason: 'only its command line is concerned' }

test('a finding that nobody has allowed is a problem', () => {
  assert.match(problems([finding], [], '2026-11-27')[0] ?? '', /^GHSA-1 concerns jose .*Update the package, or allow/)
})

test('an allowed finding is none, up to its last day', () => {
  assert.deepEqual(problems([finding], [entry], '2026-12-31'), [])
  assert.match(problems([finding], [entry], '2027-01-01')[0] ?? '', /allowed until 2026-12-31: look at it again/)
})

test('the permission of one package does not cover another', () => {
  assert.equal(problems([{ ...finding, package: 'other' }], [entry], '2026-11-27').length, 2)
})

test('a permission that nothing needs must go', () => {
  assert.match(problems([], [entry], '2026-11-27')[0] ?? '', /no package has it. Remove the entry/)
})

test('every allowed advisory has a reason and a date', () => {
  allowList.parse(JSON.parse(readFileSync('infra/supply-chain/allowed-advisories.json', 'utf8')))
  assert.throws(() => allowList.parse([{ ...entry, until: 'never' }]))
  assert.throws(() => allowList.parse([{ ...entry, reason: '' }]))
})

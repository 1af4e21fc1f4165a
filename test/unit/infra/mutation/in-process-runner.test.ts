import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { proseIgnorer } from '../../../../infra/mutation/plugin/prose-ignorer.ts'

const directory = mkdtempSync(join(tmpdir(), 'modelops-mutation-test-'))
after(() => rmSync(directory, { recursive: true }))

/** A module as Stryker instruments it: each place asks whether its mutant is active. */
const SOURCE = `
const stryker = globalThis.__stryker__
const is = (id) => {
  if (stryker.activeMutant !== id) return false
  if (stryker.hitCount !== undefined && ++stryker.hitCount > stryker.hitLimit) throw new Error('too often')
  return true
}
const cover = (id) => {
  const { static: whileLoading, perTest } = stryker.mutantCoverage ?? { static: {}, perTest: {} }
  const at = stryker.currentTestId === undefined ? whileLoading : (perTest[stryker.currentTestId] ??= {})
  at[id] = (at[id] ?? 0) + 1
}
cover('static')
export const LIMIT = is('static') ? 3 : 2
export const isSmall = (n) => { cover('noticed'); return is('noticed') ? true : n < LIMIT }
export const isBig = (n) => { cover('unnoticed'); return is('unnoticed') ? n > 9 : n > 10 }
const seen = new Map()
export const remembered = (n) => {
  cover('remembered')
  if (!seen.has(n)) seen.set(n, is('remembered') ? -1 : n)
  return seen.get(n)
}
export const loop = () => { cover('loop'); while (is('loop')); return 1 }
export const later = () => { cover('later'); if (is('later')) Promise.reject(new Error('nobody waits')) }
`
const TESTS = `
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { isBig, isSmall, later, LIMIT, loop, remembered } from '../source.mjs'
const steps = []
before(() => steps.push('before'))
beforeEach(() => steps.push('each'))
afterEach(() => steps.push('end'))
after(() => assert.deepEqual(steps, ['before', 'each', 'a', 'after a', 'end']))
isBig(1)
test('a', (t) => { steps.push('a'); t.after(() => steps.push('after a')); t.mock.timers.enable({ apis: ['Date'], now: 7 }); assert.equal(Date.now(), 7) })
`
const MORE = `
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isBig, isSmall, later, LIMIT, loop, remembered } from '../source.mjs'
test('small', () => { assert.equal(isSmall(1), true); assert.equal(isSmall(2), false); assert.notEqual(Date.now(), 7) })
test('limit', () => assert.equal(LIMIT, 2))
describe('group', () => {
  test('big', () => assert.equal(isBig(11), true))
  test('remembered', async () => assert.equal(remembered(5), 5))
})
test('loop', () => assert.equal(loop(), 1))
test('later', () => later())
test('left out', { skip: true }, () => assert.fail())
`
mkdirSync(join(directory, 'test'))
writeFileSync(join(directory, 'source.mjs'), SOURCE)
writeFileSync(join(directory, 'test', 'a.test.mjs'), TESTS)
writeFileSync(join(directory, 'test', 'b.test.mjs'), MORE)

/** Calls a runner in a process of its own, as Stryker does. @returns the results in order; an error as its message */
function call(...calls: [method: string, options?: object][]) {
  const plugin = pathToFileURL('infra/mutation/plugin/in-process-runner.ts').href
  const script = `
    const { InProcessRunner } = await import(${JSON.stringify(plugin)})
    const runner = new InProcessRunner({ inProcessRunner: { tests: ['test/*.test.mjs'] } })
    await runner.init()
    const results = []
    for (const [method, options] of ${JSON.stringify(calls)})
      results.push(await runner[method](options).catch((error) => ({ error: error.message })))
    console.log(JSON.stringify(results))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    ...{ cwd: directory, encoding: 'utf8' },
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}
const run = (id: string, more: object = {}): [string, object] => [
  'mutantRun',
  { activeMutant: { id }, mutantActivation: 'runtime', testFilter: ids, ...more },
]
const [dry] = call(['dryRun'])
const ids: string[] = dry.tests.map(({ id }: { id: string }) => id)
const idOf = (name: string) => ids.find((id) => id.endsWith(` ${name}`)) ?? assert.fail(name)

test('without a mutant every test runs, with its hooks', () => {
  assert.equal(dry.status, 'complete')
  assert.deepEqual(
    dry.tests.map(({ name, status }: { name: string; status: string }) => [name, status]),
    ['a', 'small', 'limit', 'big', 'remembered', 'loop', 'later'].map((name) => [name, 'success']),
  )
})

test('it is known which test reaches which mutant', () => {
  const { static: whileLoading, perTest } = dry.mutantCoverage
  assert.deepEqual(Object.keys(whileLoading), ['static'])
  const reach = (mutant: string) => ids.filter((id) => perTest[id]?.[mutant] > 0)
  assert.deepEqual(reach('noticed'), [idOf('small')])
  assert.deepEqual(
    reach('unnoticed'),
    [idOf('a'), idOf('big')],
    'what is called while the file is read counts for its tests',
  )
})

test('a mutant is killed by the first test that fails, and nothing of it stays', () => {
  const [first, again] = call(run('noticed'), run('noticed'))
  assert.equal(first.status, 'killed')
  assert.deepEqual(first.killedBy, [idOf('small')])
  assert.deepEqual(again, first)
})

test('only the chosen tests run', () => {
  const [survived] = call(run('noticed', { testFilter: [idOf('limit'), idOf('big')] }))
  assert.deepEqual(survived, { status: 'survived', nrOfTests: 2 })
})

test('that a mutant survives counts in a new process alone', () => {
  const [first, second] = call(run('unnoticed'), run('unnoticed'))
  assert.equal(first.status, 'survived')
  assert.match(second.error, /tried again in a new process/)
})

test('a mutant that leaves something behind kills no other one', () => {
  const [first, second] = call(run('remembered'), run('unnoticed'))
  assert.deepEqual([first.status, first.killedBy], ['killed', [idOf('remembered')]])
  assert.match(second.error, /a new process is needed/)
  const [, late] = call(run('noticed'), run('remembered'))
  assert.match(late.error, /also fails without the mutant/)
})

test('a mutant of what runs once, while a module is loaded, is active from the start', () => {
  assert.equal(call(run('static'))[0].status, 'survived')
  const [active] = call(run('static', { mutantActivation: 'static', testFilter: undefined }))
  assert.deepEqual([active.status, active.killedBy], ['killed', [idOf('small')]])
})

test('a loop without an end has one, and an error that nobody waits for fails its test', () => {
  assert.equal(call(run('loop', { hitLimit: 100 }))[0].status, 'timeout')
  const [late] = call(run('later'))
  assert.deepEqual([late.status, late.killedBy], ['killed', [idOf('later')]])
})

test('the words of an error are not changed; its reason and its headers are', () => {
  const inCall = (name: string, key: number, type = 'StringLiteral', property?: string) => {
    const call = { node: { type: 'NewExpression', callee: { name } }, parentPath: null }
    const at = { parentPath: call, listKey: 'arguments', key }
    if (property === undefined) return proseIgnorer.shouldIgnore({ node: { type }, ...at })
    const object = { node: { type: 'ObjectExpression' }, ...at }
    const parentPath = { node: { type: 'ObjectProperty', key: { name: property } }, parentPath: object }
    return proseIgnorer.shouldIgnore({ node: { type }, parentPath })
  }
  for (const ignored of [
    ...[inCall('TokenRejected', 0), inCall('Refusal', 1), inCall('Error', 0, 'TemplateLiteral')],
    inCall('Refusal', 2, 'StringLiteral', 'explain'),
  ])
    assert.equal(ignored, 'the words of an error')
  for (const tried of [
    ...[inCall('Refusal', 0), inCall('wrongUse', 2), inCall('Set', 0), inCall('Refusal', 2, 'ObjectExpression')],
    inCall('Refusal', 2, 'StringLiteral', 'headers'),
  ])
    assert.equal(tried, undefined)
  assert.equal(proseIgnorer.shouldIgnore({ node: { type: 'StringLiteral' }, parentPath: null }), undefined)
})

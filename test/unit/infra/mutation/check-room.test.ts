import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { problemsOf } from '../../../../infra/mutation/check-room.ts'
import { LEAST_SCORE, readResults, resultOf, scoreOf } from '../../../../infra/mutation/results.ts'
import { MUTATED_ROOMS } from '../../../../infra/mutation/rooms.ts'
import type { Mutant, Report } from '../../../../infra/mutation/stryker.ts'
import { acceptedSurvivors, oneLine, survivorsOf } from '../../../../infra/mutation/survivors.ts'

const SOURCE = 'const a = 1\n  if (a < 2 && a < 2) {\n    b()\n  }\n'
const mutant = (status: string, [line, column, endLine, endColumn]: number[], replacement = 'true'): Mutant => ({
  ...{ mutatorName: 'Some', status, replacement },
  location: { start: { line: line ?? 0, column: column ?? 0 }, end: { line: endLine ?? 0, column: endColumn ?? 0 } },
})
const FIRST = [2, 7, 2, 12]
const SECOND = [2, 16, 2, 21]
const killed = (count: number) => Array.from({ length: count }, () => mutant('Killed', FIRST))
const report = (...mutants: Mutant[]): Report => ({ files: { 'src/a.ts': { source: SOURCE, mutants } } })
const accepted = (...mutants: string[]) => [
  { file: 'src/a.ts', line: 'if (a < 2 && a < 2) {', mutants, why: 'Equal, as the test of this test wants it.' },
]

test('a run is good if every survivor is explained and the score is high enough', () => {
  assert.deepEqual(problemsOf('policy', report(...killed(9), mutant('Survived', FIRST)), accepted('a < 2 → true')), [])
  assert.deepEqual(problemsOf('policy', report(mutant('Timeout', FIRST), mutant('Ignored', FIRST)), []), [])
})

test('a survivor without an explanation is printed as an entry of the file', () => {
  const [problem = '', ...others] = problemsOf(
    'policy',
    report(...killed(20), mutant('NoCoverage', [2, 23, 4, 4], '{}')),
    [],
  )
  assert.deepEqual(others, [])
  assert.match(problem, /infra\/mutation\/survivors\/policy\.yaml/)
  assert.match(
    problem,
    /- file: src\/a\.ts\n {2}line: if \(a < 2 && a < 2\) \{\n {2}mutants:\n {4}- "\{ b\(\) \} → \{\}"\n {2}why: ""/,
  )
})

test('an explanation of a mutant that no longer survives is a problem', () => {
  const [problem = '', ...others] = problemsOf('policy', report(...killed(9)), accepted('a < 2 → true'))
  assert.deepEqual(others, [])
  assert.match(problem, /^policy: tests notice these mutants now[\s\S]+Delete them[\s\S]+a < 2 → true/)
})

test('two equal mutants of one line need two explanations', () => {
  const two = report(...killed(20), mutant('Survived', FIRST), mutant('Survived', SECOND))
  assert.equal(problemsOf('policy', two, accepted('a < 2 → true')).length, 1)
  assert.deepEqual(problemsOf('policy', two, accepted('a < 2 → true', 'a < 2 → true')), [])
  assert.equal(problemsOf('policy', two, accepted(...Array<string>(3).fill('a < 2 → true'))).length, 1)
})

test('a score that is too low, and mutants that could not be tried, are problems', () => {
  const [low = ''] = problemsOf('policy', report(...killed(8), mutant('Survived', FIRST)), accepted('a < 2 → true'))
  assert.match(low, /^policy: expected a score of 90 % or more, got 88\.9 %/)
  const [failed = ''] = problemsOf('policy', report(...killed(9), mutant('RuntimeError', FIRST)), [])
  assert.match(failed, /^policy: 1 mutants could not be tried/)
  assert.match(problemsOf('policy', report(), [])[0] ?? '', /got 0\.0 %/)
})

test('mutants that never end count as noticed, ignored ones do not count', () => {
  const result = resultOf(
    report(...killed(3), mutant('Timeout', FIRST), mutant('Survived', FIRST), mutant('Ignored', FIRST)),
  )
  assert.deepEqual(result, { mutants: 5, killed: 3, timeout: 1, survived: 1, noCoverage: 0, ignored: 1, errors: 0 })
  assert.equal(scoreOf(result), 80)
})

test('survivors of one line are one entry', () => {
  assert.deepEqual(survivorsOf(report(mutant('Survived', FIRST), mutant('Survived', SECOND, ''))), [
    { file: 'src/a.ts', line: 'if (a < 2 && a < 2) {', mutants: ['a < 2 → true', 'a < 2 → nothing'] },
  ])
})

for (const { name, mutate, tests } of MUTATED_ROOMS) {
  test(`${name}: every pattern names files, and its last run was good`, () => {
    for (const pattern of [...mutate, ...tests]) assert.notEqual(globSync(pattern.replace(/^!/, '')).length, 0, pattern)
    const result = readResults()[name] ?? assert.fail(`no results: npm run mutation -- --room ${name} --write`)
    assert.equal(result.errors, 0)
    assert.ok(scoreOf(result) >= LEAST_SCORE)
    const listed = acceptedSurvivors(name).flatMap(({ mutants }) => mutants)
    assert.equal(listed.length, result.survived + result.noCoverage)
  })

  test(`${name}: every survivor is of a line that is in its file`, () => {
    for (const { file, line } of acceptedSurvivors(name)) {
      const lines = readFileSync(file, 'utf8').split('\n').map(oneLine)
      assert.ok(lines.includes(line), `${file}: no such line, so nothing is known of its mutants: ${line}`)
    }
  })
}

test('Stryker is not installed with the project', () => {
  assert.doesNotMatch(readFileSync('package.json', 'utf8'), /stryker/)
  assert.deepEqual(globSync('infra/mutation/package-lock.json'), ['infra/mutation/package-lock.json'])
})

test('the command names its rooms, and rejects others', () => {
  const command = ['infra/mutation/main.ts']
  const help = execFileSync(process.execPath, [...command, '--help'], { encoding: 'utf8' })
  for (const { name } of MUTATED_ROOMS) assert.ok(help.includes(`  ${name} `), name)
  for (const [args, message] of [
    [['--room', 'kitchen'], /^--room: expected policy, [\s\S]+, got kitchen/],
    [['--fast'], /^Unknown option '--fast'/],
  ] as const) {
    const { status, stdout } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stdout, message)
  }
})

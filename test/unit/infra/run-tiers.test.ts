import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { cpuSecondsIn } from '../../run-tier.ts'
import { tableOf } from '../../tier-times.ts'

const run = (...args: string[]) => {
  const { status, stdout } = spawnSync(process.execPath, ['test/run.ts', ...args], { encoding: 'utf8' })
  return { status, stdout }
}

for (const lanes of ['0', '1.5', 'many'])
  test(`npm test denies --lanes ${lanes}`, () => {
    const { status, stdout } = run('--lanes', lanes)
    assert.equal(status, 2)
    assert.equal(stdout, `--lanes: expected a whole number from 1 to 16, got ${lanes}\n`)
  })

test('npm test names the tiers when it does not know one', () => {
  const { status, stdout } = run('--tier', 'nosuch')
  assert.equal(status, 2)
  assert.match(stdout, /^--tier: expected check, path, .*, got nosuch\n$/)
})

test('npm test -- --help prints the options and the tiers, and runs nothing', () => {
  const { status, stdout } = run('--help')
  assert.equal(status, 0)
  assert.match(stdout, /--tier NAME[\s\S]+--lanes N[\s\S]+Tiers:\n {2}check +format[\s\S]+\n {2}compose\* /)
})

test('an option that does not exist is named, with the help and without a stack trace', () => {
  const { status, stdout } = run('--fast')
  assert.equal(status, 2)
  assert.match(stdout, /^Unknown option '--fast'[\s\S]+--tier NAME/)
  assert.doesNotMatch(stdout, /\n {4}at /)
})

test('a tier that fails stops no other, and is named again at the end with the command that runs it alone', () => {
  const script = `
    import { report, runLanes } from './test/lanes.ts'
    const tier = (name, file) => ({ name, about: '', needs: [], minutes: 1, run: { files: [file] } })
    const bad = tier('bad', 'test/no-such-file.test.ts')
    const good = tier('good', 'test/unit/shared/printable.test.ts')
    report(await runLanes([bad, good], 1), (name) => 'npm run ' + name)`
  // Inside of a test, `node --test` runs no files.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ['--input-type=module', '-e', script]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  assert.equal(status, 1)
  assert.match(stdout, /=== bad: FAILED[\s\S]+=== good: passed/)
  assert.match(stdout, /\nbad failed; run it alone with: npm run bad\nCould not find 'test\/no-such-file/)
  assert.match(stdout, /\nFAILED +bad +\d/)
  assert.match(stdout, /\nFAILED +all +\d/)
})

test('the processor time of a tier is that of its processes, not of the shell around them', () => {
  assert.equal(cpuSecondsIn('0m0.10s 0m0.20s\n1m2.50s 0m3.25s\n'), 65.75)
  assert.equal(cpuSecondsIn(''), undefined)
})

test('the table has the longest tier first, and the whole last', () => {
  const tiers = [
    { name: 'redis', ok: true, seconds: 70.4, cpuSeconds: 40 },
    { name: 'path', ok: false, seconds: 300, cpuSeconds: undefined },
  ]
  assert.equal(
    tableOf(tiers, 310),
    [
      '        tier            seconds  CPU seconds',
      'FAILED  path                300            -',
      'passed  redis                70           40',
      'FAILED  all                 310           40',
    ].join('\n'),
  )
})

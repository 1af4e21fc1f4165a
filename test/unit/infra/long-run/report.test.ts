import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { chartOf, drawLine } from '../../../bench/line-chart.ts'
import { pageOf } from '../../../long-run/report/page.ts'
import { pictureOf } from '../../../long-run/report/picture.ts'
import { GOOD, withReplica } from './good-run.ts'

const TWO = { ...GOOD, replicas: ['replica-0', 'replica-1'].flatMap((name) => withReplica({ name }).replicas) }

test('the page has the command that measured it, the figures, and what is compared', () => {
  const page = pageOf(TWO, '2026-11-28')
  assert.match(page, /`npm run long-run -- --minutes 20 --seed 1 --write` on 2026-11-28/)
  assert.match(page, /^\| wrong responses \| 0 \|$/m)
  assert.match(page, /^\| left behind .* \| none \|$/m)
  assert.match(page, /^\| heap after a collection, MiB \| 30\.0 \/ 30\.0 \| 30\.0 \/ 30\.0 \| 3 \|$/m)
  assert.doesNotMatch(page, /undefined|NaN/)
})

test('the page of a run that left something behind does not hide it', () => {
  const page = pageOf(withReplica({ left: ['timers of ms 1000: 3 before, 5 after'] }), '2026-11-28')
  assert.match(page, /^\| left behind .* \| \*\*some\*\* \|$/m)
})

test('the notes of the previous page are kept, its figures are not', () => {
  const previous = `${pageOf({ ...TWO, seed: 7 }, '2026-01-01')}\n## Notes\n\n- By hand.\n`
  const page = pageOf(TWO, '2026-11-28', previous)
  assert.ok(page.endsWith('\n\n## Notes\n\n- By hand.\n'))
  assert.doesNotMatch(page, /--seed 7|2026-01-01/)
})

test('the picture has a panel for each measure with a line for each replica, in the colours of the reader’s theme', () => {
  const picture = pictureOf(TWO)
  assert.equal(picture.match(/<polyline class="line line0"/g)?.length, 8)
  assert.equal(picture.match(/<polyline class="line line1"/g)?.length, 8)
  assert.match(picture, /prefers-color-scheme:dark/)
  assert.match(picture, />replica-1</)
  assert.throws(() => pictureOf(GOOD), /two replicas/)
})

test('a chart begins at zero, and its highest sample is inside', () => {
  const chart = chartOf({ title: 'x', last: '1 min', panels: [{ title: 'x', lines: [[0, 100]] }] })
  assert.match(chart, /points="50\.0,216\.0 790\.0,4\d\.\d"/)
})

test('a line by itself is written to its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'))
  const file = join(folder, 'line.svg')
  drawLine(file, [1, 2, 3], { title: 'memory', last: '10 min' })
  assert.match(readFileSync(file, 'utf8'), /^<svg [\s\S]*>memory<\/text>[\s\S]*10 min/)
  rmSync(folder, { recursive: true })
})

const run = (...args: string[]) => {
  const { status, stdout } = spawnSync(process.execPath, ['test/long-run/main.ts', ...args], { encoding: 'utf8' })
  return { status, stdout }
}

const DENIED: readonly (readonly [string[], string])[] = [
  [['--minutes', '0.4'], '--minutes: expected a number from 0.5 to 1440, got 0.4'],
  [['--seed', 'x'], '--seed: expected a whole number from 0, got x'],
  [['--plant', 'a tree'], '--plant: expected descriptor-leak, timer-leak, memory-leak, crossed, got a tree'],
  [['--fast'], "Unknown option '--fast'"],
]
for (const [args, message] of DENIED)
  test(`npm run long-run denies ${args.join(' ')} with the help, and runs nothing`, () => {
    const { status, stdout } = run(...args)
    assert.equal(status, 2)
    assert.ok(stdout.startsWith(message), stdout)
    assert.match(stdout, /--minutes N/)
  })

test('a run that was written to a file is read from it, and fails again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'run-'))
  const file = join(folder, 'run.json')
  writeFileSync(file, JSON.stringify(TWO))
  assert.equal(run('--from', file).status, 0)
  writeFileSync(file, JSON.stringify({ ...TWO, total: { right: 1, excused: 0, wrong: 2 } }))
  const { status, stdout } = run('--from', file)
  assert.equal(status, 1)
  assert.match(stdout, /^FAILED: 2 wrong responses/m)
  rmSync(folder, { recursive: true })
})

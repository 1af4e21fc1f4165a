import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyPace } from '../../../src/shared/body-pace.ts'

const WINDOW = 60_000
const RATE = 240
const SILENT = /sent nothing of the request body/
const SLOW = /sent the request body too slowly/

type Step = readonly [waitMs: number, bytes: number]

/** Plays what a client sends, as an owner of a pace does. Resolves to when it is too slow and why, or to undefined. */
function play(steps: Iterable<Step>, minBytesPerSecond = RATE): readonly [at: number, fault: string] | undefined {
  const pace = new BodyPace({ windowMs: WINDOW, minBytesPerSecond }, 0)
  let now = 0
  for (const [wait, bytes] of steps) {
    const until = now + wait
    while (pace.deadline <= until) {
      now = pace.deadline
      const fault = pace.fault(now)
      if (fault !== undefined) return [now, fault]
    }
    now = until
    pace.received(bytes, now)
  }
  return undefined
}

const repeat = (count: number, wait: number, bytes: number): Step[] => Array(count).fill([wait, bytes])

const tooSlow: [string, Step[], number, RegExp][] = [
  ['a drip of one byte a second', repeat(600, 1000, 1), WINDOW, SLOW],
  ['a drip of one byte every 59 seconds', repeat(20, 59_000, 1), WINDOW, SLOW],
  ['silence from the start', [[WINDOW * 3, 1]], WINDOW, SILENT],
  [
    'a burst, then silence',
    [
      [10_000, 1_000_000],
      [WINDOW * 3, 1],
    ],
    10_000 + WINDOW,
    SILENT,
  ],
  ['a burst, then a drip', [[10_000, 1_000_000], ...repeat(600, 1000, 1)], 2 * WINDOW, SLOW],
  ['a byte less than the rate', repeat(3, WINDOW - 1, (RATE * WINDOW) / 1000 - 1), WINDOW, SLOW],
]
for (const [name, steps, at, why] of tooSlow) {
  test(`too slow is ${name}`, () => {
    const [when, fault] = play(steps) ?? []
    assert.equal(when, at)
    assert.match(fault ?? '', why)
  })
}

const honest: [string, Step[]][] = [
  ['an upload over a bad mobile link, for a day', repeat(86_400, 1000, 1000)],
  ['an upload just above the rate', repeat(3600, 1000, RATE + 5)],
  ['a link that fails for 50 seconds of each minute', repeat(1000, 50_000, 20_000)],
  ['a fast upload', repeat(1000, 1, 65_536)],
]
for (const [name, steps] of honest) test(`fast enough is ${name}`, () => assert.equal(play(steps), undefined))

test('without a rate, only silence is too slow', () => {
  assert.equal(play(repeat(600, 59_000, 1), 0), undefined)
  assert.match(play([[WINDOW, 1]], 0)?.[1] ?? '', SILENT)
})

test('time in which the receiver does not read is not the sender’s', () => {
  const pace = new BodyPace({ windowMs: WINDOW, minBytesPerSecond: RATE }, 0)
  pace.received(20_000, 30_000)
  pace.pause(30_000)
  pace.pause(500_000)
  pace.resume(1_000_000)
  pace.resume(2_000_000) // it was not paused any more
  assert.equal(pace.fault(1_000_000 + 29_999), undefined)
  assert.equal(pace.deadline, 1_000_000 + 30_000)
  assert.equal(pace.fault(pace.deadline), undefined, 'the bytes before the pause count')
  assert.match(pace.fault(1_000_000 + WINDOW) ?? '', SILENT)
})

test('a drip between pauses is a drip', () => {
  const pace = new BodyPace({ windowMs: WINDOW, minBytesPerSecond: RATE }, 0)
  let now = 0
  let fault: string | undefined
  for (let i = 0; i < 200 && fault === undefined; i += 1) {
    now += 1000
    pace.received(1, now)
    pace.pause(now)
    now += 1000
    pace.resume(now)
    fault = pace.fault(now)
  }
  assert.match(fault ?? '', SLOW)
  assert.equal(now, 2 * WINDOW)
})

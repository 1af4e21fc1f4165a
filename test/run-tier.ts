import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Tier } from './tiers.ts'

/** The longest time of one test, in milliseconds. A test that hangs is stopped and reported. */
const TEST_TIMEOUT_MS = 120_000

const TEST_OPTIONS = [
  '--disable-warning=ExperimentalWarning',
  `--import=${join(import.meta.dirname, 'ends-in-time.ts')}`,
  '--test',
  '--test-reporter=spec',
  `--test-timeout=${TEST_TIMEOUT_MS}`,
]

export interface TierResult {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
  /** Processor time of the processes that ended in order, in seconds. Undefined: the tier was stopped. */
  readonly cpuSeconds: number | undefined
  /** What failed, as lines to print once more at the end: a log is often read from there. */
  readonly failures: readonly string[]
}

const FAILURE_LINES = 60
/** How much of the output of a tier is kept to find its failures, in characters. */
const KEPT_OUTPUT = 100_000

/** Takes the output of a tier as it comes. */
export type Write = (text: string) => void

/** Installs what a tier needs and runs its tests, within its time. */
export async function runTier(tier: Tier, write: Write): Promise<TierResult> {
  const { name, needs, shares } = tier
  const startedAt = performance.now()
  let ended: Ended = { ok: false, failures: [], cpuSeconds: undefined }
  try {
    for (const need of needs) await need()
    const shared = await shares?.()
    try {
      ended = await runTests(tier, write, shared?.env)
    } finally {
      await shared?.close()
    }
  } catch (error) {
    ended = { ...ended, ok: false, failures: [error instanceof Error ? error.message : String(error)] }
    write(`${ended.failures.join('\n')}\n`)
  }
  return { name, seconds: (performance.now() - startedAt) / 1000, ...ended }
}

type Ended = Pick<TierResult, 'ok' | 'failures' | 'cpuSeconds'>

/** Runs a command, then writes the processor time of it and of what it started to the third pipe. */
const TIMED = 'trap : INT TERM; "$@" 3>&-; code=$?; times >&3; exit $code'

/** Runs the tier in its own process group, so that a tier that hangs is stopped with every process it started. */
function runTests(
  { name, run, minutes, filesAtOnce = 1 }: Tier,
  write: Write,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const [command, args] =
    'script' in run
      ? ['npm', ['run', '-s', run.script]]
      : [process.execPath, [...TEST_OPTIONS, `--test-concurrency=${filesAtOnce}`, ...run.files]]
  const child = spawn('/bin/sh', ['-c', TIMED, 'sh', command, ...args], {
    stdio: ['inherit', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...env },
  })
  let output = ''
  let times = ''
  const timesOf = child.stdio[3] as Readable
  timesOf.setEncoding('utf8').on('data', (text: string) => {
    times += text
  })
  for (const from of [child.stdout, child.stderr])
    from?.setEncoding('utf8').on('data', (text: string) => {
      write(text)
      output = (output + text).slice(-KEPT_OUTPUT)
    })
  const stop = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  }
  const deadline = globalThis.setTimeout(() => {
    write(`=== ${name}: stopped after ${minutes} minutes\n`)
    stop('SIGKILL')
  }, minutes * 60_000)
  const interrupted = () => {
    stop('SIGTERM')
    // Another tier may run beside this one, and stops its own processes first.
    setImmediate(() => process.exit(130))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted)
  return new Promise((resolve) => {
    child.on('error', () => resolve({ ok: false, failures: [`${command} did not start`], cpuSeconds: undefined }))
    child.on('exit', async (code) => {
      clearTimeout(deadline)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
      // The rest of the output, without waiting for a process left behind that still holds the pipe.
      await Promise.race([once(child, 'close'), setTimeout(1000)])
      for (const stream of [child.stdout, child.stderr, timesOf]) stream?.destroy()
      resolve({ ok: code === 0, failures: code === 0 ? [] : failuresIn(output), cpuSeconds: cpuSecondsIn(times) })
    })
  })
}

/** @param times output of the shell's `times` (POSIX.1-2024 §2.15): user and system time, first of the shell itself, then of its children */
export function cpuSecondsIn(times: string): number | undefined {
  const [user, system] = (times.split('\n')[1] ?? '').matchAll(/(\d+)m(\d+\.?\d*)s/g)
  if (user === undefined || system === undefined) return undefined
  return [user, system].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

/** The list of failing tests that the reporter prints last, or else the last lines. */
function failuresIn(output: string): readonly string[] {
  const list = output.lastIndexOf('failing tests:')
  const lines = (list < 0 ? output : output.slice(list)).trimEnd().split('\n')
  return list < 0 ? lines.slice(-FAILURE_LINES) : lines.slice(0, FAILURE_LINES)
}

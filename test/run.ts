import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { TIERS, type Tier } from './tiers.ts'

/** `npm test [-- --tier NAME ...]`: runs the tiers one after the other, without those that run only when named. Exits 1 if one fails. */

/** The longest time of one test, in milliseconds. A test that hangs is stopped and reported. */
const TEST_TIMEOUT_MS = 120_000

const TEST_OPTIONS = [
  '--disable-warning=ExperimentalWarning',
  '--test',
  '--test-reporter=spec',
  '--test-concurrency=1',
  `--test-timeout=${TEST_TIMEOUT_MS}`,
]

interface TierResult {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
  /** What failed, as lines to print once more at the end: a log is often read from there. */
  readonly failures: readonly string[]
}

const FAILURE_LINES = 60
/** How much of the output of a tier is kept to find its failures, in characters. */
const KEPT_OUTPUT = 100_000

const print = (line: string) => process.stdout.write(`${line}\n`)

const { values } = parseArgs({ options: { tier: { type: 'string', multiple: true } } })
const chosen = chooseTiers(values.tier)
const results: TierResult[] = []
for (const tier of chosen) results.push(await runTier(tier))

print('')
for (const { name, ok, failures } of results)
  if (!ok) print(`${name} failed; run it alone with: npm test -- --tier ${name}\n${failures.join('\n')}\n`)
for (const { name, ok, seconds } of results)
  print(`${ok ? 'passed' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(0)} s`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1

function chooseTiers(names: readonly string[] | undefined): readonly Tier[] {
  const unknown = (names ?? []).filter((name) => !TIERS.some((tier) => tier.name === name))
  if (unknown.length > 0) {
    print(`--tier: expected ${TIERS.map(({ name }) => name).join(', ')}, got ${unknown.join(', ')}`)
    process.exit(2)
  }
  return TIERS.filter(({ name, onlyNamed = false }) => names?.includes(name) ?? !onlyNamed)
}

async function runTier(tier: Tier): Promise<TierResult> {
  const { name, about, needs } = tier
  print(`\n=== ${name}: ${about}`)
  const startedAt = performance.now()
  let ok = false
  let failures: readonly string[] = []
  try {
    for (const need of needs) await need()
    ;({ ok, failures } = await runTests(tier))
  } catch (error) {
    failures = [error instanceof Error ? error.message : String(error)]
    print(failures.join('\n'))
  }
  const seconds = (performance.now() - startedAt) / 1000
  print(`=== ${name}: ${ok ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s`)
  return { name, ok, seconds, failures }
}

/** Runs the tier in its own process group, so that a tier that hangs is stopped with every process it started. */
function runTests({ name, run, minutes }: Tier): Promise<{ ok: boolean; failures: readonly string[] }> {
  const [command, args] =
    'script' in run ? ['npm', ['run', '-s', run.script]] : [process.execPath, [...TEST_OPTIONS, ...run.files]]
  const child = spawn(command, args, { stdio: ['inherit', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    from.on('data', (bytes: Buffer) => {
      to.write(bytes)
      output = (output + bytes.toString()).slice(-KEPT_OUTPUT)
    })
  const stop = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  }
  const deadline = globalThis.setTimeout(() => {
    print(`=== ${name}: stopped after ${minutes} minutes`)
    stop('SIGKILL')
  }, minutes * 60_000)
  const interrupted = () => {
    stop('SIGTERM')
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted)
  return new Promise((resolve) => {
    child.on('error', () => resolve({ ok: false, failures: [`${command} did not start`] }))
    child.on('exit', async (code) => {
      clearTimeout(deadline)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
      // The rest of the output, without waiting for a process left behind that still holds the pipe.
      await Promise.race([once(child, 'close'), setTimeout(1000)])
      for (const stream of [child.stdout, child.stderr]) stream.destroy()
      resolve({ ok: code === 0, failures: code === 0 ? [] : failuresIn(output) })
    })
  })
}

/** The list of failing tests that the reporter prints last, or else the last lines. */
function failuresIn(output: string): readonly string[] {
  const list = output.lastIndexOf('failing tests:')
  const lines = (list < 0 ? output : output.slice(list)).trimEnd().split('\n')
  return list < 0 ? lines.slice(-FAILURE_LINES) : lines.slice(0, FAILURE_LINES)
}

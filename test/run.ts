import { spawn } from 'node:child_process'
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

const print = (line: string) => process.stdout.write(`${line}\n`)

const { values } = parseArgs({ options: { tier: { type: 'string', multiple: true } } })
const chosen = chooseTiers(values.tier)
const results: { name: string; ok: boolean; seconds: number }[] = []
for (const tier of chosen) results.push(await runTier(tier))

print('')
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

async function runTier(tier: Tier) {
  const { name, about, needs } = tier
  print(`\n=== ${name}: ${about}`)
  const startedAt = performance.now()
  let ok = false
  try {
    for (const need of needs) await need()
    ok = await succeeds(tier)
  } catch (error) {
    print(error instanceof Error ? error.message : String(error))
  }
  const seconds = (performance.now() - startedAt) / 1000
  print(`=== ${name}: ${ok ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s`)
  return { name, ok, seconds }
}

/** Runs the tier in its own process group, so that a tier that hangs is stopped with every process it started. */
function succeeds({ name, run, minutes }: Tier): Promise<boolean> {
  const [command, args] =
    'script' in run ? ['npm', ['run', '-s', run.script]] : [process.execPath, [...TEST_OPTIONS, ...run.files]]
  const child = spawn(command, args, { stdio: 'inherit', detached: true })
  const stop = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  }
  const deadline = setTimeout(() => {
    print(`=== ${name}: stopped after ${minutes} minutes`)
    stop('SIGKILL')
  }, minutes * 60_000)
  const interrupted = () => {
    stop('SIGTERM')
    process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupted)
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('exit', (code) => {
      clearTimeout(deadline)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
      resolve(code === 0)
    })
  })
}

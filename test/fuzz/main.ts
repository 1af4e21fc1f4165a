import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { ensureProxies } from '../../infra/parts/proxies.ts'
import { compareAll } from './engine/compare.ts'
import { printInput, writeCorpus } from './engine/corpus.ts'
import type { Progress } from './engine/fuzz.ts'
import { runTarget, type TargetResult } from './engine/run-target.ts'
import type { FuzzTarget } from './engine/target.ts'
import { Oracles } from './oracles/oracles.ts'
import { TARGET_NAMES, TARGETS, type TargetName } from './targets/names.ts'

/** `npm run fuzz`: searches inputs on which a parser of the gateway breaks an invariant, or disagrees with another parser. */

const FINDINGS = join(import.meta.dirname, 'findings')
const DEFAULT_SECONDS = 60
/** Time between two lines of progress in a log, in milliseconds. */
const LOG_MS = 15_000
const MOST_SECONDS = 86_400

const HELP = `npm run fuzz [-- OPTION ...]: searches inputs on which a parser of the gateway breaks an invariant or disagrees
with another parser. Exits with 1 on a finding; each is written to test/fuzz/findings.

  --target NAME   this target alone; several: repeat the option. Without it: all, one after the other
  --seconds N     for each target, 1 to ${MOST_SECONDS}. Default: ${DEFAULT_SECONDS}
  --seed N        begins with this number; the same one tries the same inputs. Default: the time
  --keep          writes the inputs that reach something, made shorter, to test/fuzz/corpus
  --missed        prints the lines that no input reached
  --input FILE    tries this input alone, with one --target
  --list          prints the targets
  --help          this text`

let shownAt = performance.now()

const print = (line: string) => process.stdout.write(`${line}\n`)

function fail(message: string): never {
  print(message)
  process.exit(2)
}

function optionsOf() {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    target: { type: 'string', multiple: true },
    ...{ seconds: text, seed: text, input: text },
    ...{ keep: flag, missed: flag, list: flag, help: { ...flag, short: 'h' } },
  } as const
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}

const values = optionsOf()
if (values.help) {
  print(HELP)
  process.exit(0)
}
if (values.list) {
  for (const name of TARGET_NAMES) print(`${name.padEnd(14)} ${TARGETS[name].about}`)
  process.exit(0)
}
const names = chosen(values.target)
if (values.input !== undefined) await tryOne(values.input)
else if (names.length > 1) await fuzzEach()
else await fuzzAll()

function chosen(wanted: readonly string[] = TARGET_NAMES): readonly TargetName[] {
  const unknown = wanted.filter((name) => !(name in TARGETS))
  if (unknown.length > 0) fail(`--target: expected ${TARGET_NAMES.join(', ')}, got ${unknown.join(', ')}`)
  return wanted as readonly TargetName[]
}

function numberOf(option: string, text: string | undefined, missing: number, most: number): number {
  const number = text === undefined ? missing : Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  return fail(`--${option}: expected a whole number from 1 to ${most}, got ${text}`)
}

/** A process for each: Node 24 crashes when a third thread loads the native parser of the sources. */
async function fuzzEach(): Promise<void> {
  const isTarget = (word = '') => word === '--target' || word.startsWith('--target=')
  const others = process.argv.slice(2).filter((word, at, all) => !isTarget(word) && all[at - 1] !== '--target')
  const unwell: string[] = []
  for (const name of names) {
    const args = [...process.execArgv, import.meta.filename, '--target', name, ...others]
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    if (code !== 0) unwell.push(signal === null ? name : `${name} (ended by ${signal})`)
  }
  if (unwell.length === 0) return
  print(`\nfindings or errors: ${unwell.join(', ')}`)
  process.exitCode = 1
}

async function fuzzAll(): Promise<void> {
  const seconds = numberOf('seconds', values.seconds, DEFAULT_SECONDS, MOST_SECONDS)
  const seed = numberOf('seed', values.seed, Date.now() % 2 ** 31, 2 ** 31)
  await ensureMlflow()
  await ensureProxies()
  const results: TargetResult[] = []
  for (const name of names) {
    const onProgress = (progress: Progress, total: number) => show(name, progress, total)
    const options = { milliseconds: seconds * 1000, seed, keep: values.keep ?? false, onProgress }
    const result = await runTarget(name, options)
    results.push(result)
    end(result)
    if (values.missed) for (const place of result.missed) print(`  not reached: src/${place}`)
    if (values.keep && result.kept.length > 0) writeCorpus(name, result.kept)
  }
  const findings = results.flatMap(writeFindings)
  if (findings.length === 0) print(`no finding (seed ${seed})`)
  if (findings.length === 0) return
  print(`\n${findings.join('\n')}`)
  process.exitCode = 1
}

/** One line that is written again on a terminal, and a line every now and then in a log. */
function show(name: TargetName, progress: Progress, total: number): void {
  const line = lineOf(name, progress, total)
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`)
  else if (performance.now() - shownAt > LOG_MS) {
    shownAt = performance.now()
    print(`${line} ...`)
  }
}

function end({ name, progress, total, seconds, failures }: TargetResult): void {
  const found = failures.length === 0 ? '' : `, ${failures.length} findings`
  print(`${process.stdout.isTTY ? '\r\x1b[K' : ''}${lineOf(name, progress, total)}, ${seconds.toFixed(0)} s${found}`)
}

function lineOf(name: string, progress: Progress, total: number): string {
  const { executions, comparisons, corpus, edges } = progress
  const count = (number: number) => number.toLocaleString('en')
  return `${name.padEnd(14)} ${count(executions)} executions, ${count(comparisons)} comparisons, ${edges} of ${total} edges, ${corpus} inputs`
}

function writeFindings({ name, failures }: TargetResult): string[] {
  mkdirSync(FINDINGS, { recursive: true })
  return failures.map(({ input, kind, message }, at) => {
    const file = join(FINDINGS, `${name}-${at + 1}.bin`)
    writeFileSync(file, input)
    return `${name}: ${kind}\n  ${message.split('\n').slice(0, 4).join('\n  ')}\n  input: ${printInput(input)}\n  try it again: npm run fuzz -- --target ${name} --input ${file}`
  })
}

async function tryOne(file: string): Promise<void> {
  const [name, ...others] = names
  if (name === undefined || others.length > 0) fail('--input: expected one --target')
  const input = readFileSync(file)
  const { target } = (await import(`./targets/${name}.ts`)) as { target: FuzzTarget }
  const accepted = await target.check(input)
  const oracles = new Oracles()
  try {
    const { disagreements, count } = await compareAll(target, [input], oracles)
    print(`${accepted ? 'accepted' : 'denied'}; ${count} comparisons, ${disagreements.length} disagreements`)
    for (const { finding } of disagreements) print(finding.message)
    process.exitCode = disagreements.length === 0 ? 0 : 1
  } finally {
    await oracles.close()
  }
}

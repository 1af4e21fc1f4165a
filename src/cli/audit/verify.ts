import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import type { ChainState } from '../../gateway/audit/file/chain.ts'
import { readLines } from '../../gateway/audit/read/read-lines.ts'
import { groupFiles, type TrailFiles } from '../../gateway/audit/read/trail-files.ts'
import { type Verification, verifyTrail } from '../../gateway/audit/read/verify.ts'
import { CliError } from '../cli-error.ts'
import { fileError } from './file-error.ts'

interface Options {
  readonly keyFile?: string
  readonly anchor?: readonly string[]
  readonly anchors?: string
  readonly json?: boolean
}

/** `audit verify`: follows the hash chain through the files of a trail. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('verify the hash chain of audit files; exit code 0: valid, 1: not, or a file cannot be read')
    .argument('<files...>', 'all files of a trail: the current one and those that were rotated, in any order; .gz too')
    .option('--key-file <file>', 'the key of the chain (audit.sinks[].chainKey)')
    .option('--anchor <seq:hash...>', 'a line that must be there, as the log names it in `audit-anchor`')
    .option('--anchors <log>', 'take the anchors from a log of the gateway')
    .option('--json', 'print JSON')
    .action(async (files: string[], options: Options) => {
      const results = await verifyAll(files, options).catch((error: unknown) => {
        throw error instanceof CliError ? error : fileError(error)
      })
      const isValid = results.every(({ problems }) => problems.length === 0)
      console.log(
        options.json ? JSON.stringify({ valid: isValid, trails: results }, null, 2) : results.map(inWords).join('\n'),
      )
      if (!isValid) process.exitCode = 1
    })
}

type Result = Verification & { readonly name: string; readonly files: number }

async function verifyAll(files: readonly string[], options: Options): Promise<Result[]> {
  const trails = await groupFiles(files)
  const given = (options.anchor ?? []).map(parseAnchor)
  if (given.length > 0 && trails.length > 1)
    throw new CliError(`--anchor: expected the files of one trail, got ${trails.length}. Verify one at a time.`)
  const key = options.keyFile === undefined ? undefined : readKey(options.keyFile)
  const logged = options.anchors === undefined ? [] : await anchorsIn(options.anchors)
  const results: Result[] = []
  for (const trail of trails) {
    const named = logged.filter(({ path }) => isOf(path, trail, trails.length)).map(({ anchor }) => anchor)
    const verified = await verifyTrail(trail, { key, anchors: [...given, ...named] })
    results.push({ ...withAnchors(verified, [...given, ...named], trail), name: trail.name, files: trail.paths.length })
  }
  return results
}

/** Lines that the log or the user knows and the files do not have after their last one: they were cut off. */
function withAnchors(verified: Verification, anchors: readonly ChainState[], { paths }: TrailFiles): Verification {
  const last = verified.last?.seq ?? 0
  const beyond = anchors.filter(({ seq }) => seq > last).sort((a, b) => b.seq - a.seq)[0]
  if (beyond === undefined) return verified
  const text = `removed: the chain ends with line ${last}, and an anchor names line ${beyond.seq}`
  const file = paths.at(-1) ?? ''
  return { ...verified, problems: [...verified.problems, { file, line: verified.lines, text }] }
}

const readKey = (file: string) => readFileSync(file, 'utf8').replace(/\r?\n$/, '')

function parseAnchor(text: string): ChainState {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (!match)
    throw new CliError(`--anchor: expected SEQ:HASH as in the log's audit-anchor lines, got ${JSON.stringify(text)}`)
  return { seq: Number(match[1]), hash: match[2] ?? '' }
}

interface LoggedAnchor {
  readonly path: string
  readonly anchor: ChainState
}

async function anchorsIn(log: string): Promise<LoggedAnchor[]> {
  const anchors: LoggedAnchor[] = []
  for await (const { text } of readLines(log)) {
    if (!text.includes('"audit-anchor"')) continue
    const line = parsed(text)
    if (line?.event !== 'audit-anchor') continue
    anchors.push({ path: String(line.path), anchor: parseAnchor(String(line.anchor)) })
  }
  if (anchors.length === 0)
    throw new CliError(
      `${log}: expected a log with audit-anchor lines, got none. An anchor is logged every 1,000 lines, when a file is full, and when the process stops.`,
    )
  return anchors
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Files may have been copied elsewhere: with several trails, the name of the file tells whose an anchor is. */
const isOf = (path: string, { name }: TrailFiles, trails: number) =>
  trails === 1 || path.split(/[/\\]/).at(-1) === name.split(/[/\\]/).at(-1)

function inWords({ name, files, lines, first, last, problems, notes }: Result): string {
  const found = problems.map(({ file, line, text }) => `${file}:${line}: ${text}`)
  const noted = notes.map(({ file, line, text }) => `${file}:${line}: note: ${text}`)
  const size = `${lines} lines in ${files} ${files === 1 ? 'file' : 'files'}`
  const range = first && last ? `, lines ${first.seq} to ${last.seq} of the chain` : ', no chain'
  const verdict =
    problems.length === 0 ? 'valid' : `NOT valid: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
  const anchor = last ? [`last line: ${last.seq}:${last.hash}`] : []
  return [`${name}: ${verdict} (${size}${range})`, ...found, ...noted, ...anchor].join('\n')
}

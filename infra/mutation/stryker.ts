import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import type { MutatedRoom } from './rooms.ts'

/** The result of a run, in the format `mutation-testing-report-schema`. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}

export interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly statusReason?: string
  readonly location: { readonly start: Position; readonly end: Position }
}

/** Both count from 1. */
interface Position {
  readonly line: number
  readonly column: number
}

const STRYKER = join(import.meta.dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js')
const PLUGIN = join(import.meta.dirname, 'plugin/plugin.ts')

/** Not copied beside the mutants: no test of a room reads it. */
const LEFT_OUT = ['/.parts', '/packages*', '/site', '/dist', '/.demo', '/docs/**/*.png']

/** Runs Stryker on a room. @throws Error if it did not end in order, for example because a test fails without any mutant */
export async function runStryker(room: MutatedRoom): Promise<Report> {
  const work = await mkdtemp(join(tmpdir(), 'modelops-mutation-'))
  try {
    const [config, report] = [join(work, 'stryker.json'), join(work, 'report.json')]
    await writeFile(config, JSON.stringify(configOf(room, work, report)))
    await stryker(config)
    return JSON.parse(await readFile(report, 'utf8')) as Report
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function configOf({ mutate, tests }: MutatedRoom, work: string, report: string): object {
  return {
    plugins: [PLUGIN],
    ...{ mutate, ignorePatterns: LEFT_OUT, ignorers: ['prose'], disableTypeChecks: false },
    ...{ testRunner: 'in-process', inProcessRunner: { tests }, coverageAnalysis: 'perTest' },
    ...{ concurrency: Math.min(2, availableParallelism()), timeoutMS: 30_000, maxTestRunnerReuse: 300 },
    testRunnerNodeArgs: ['--disable-warning=ExperimentalWarning'],
    ...{ reporters: ['json', 'progress-append-only'], jsonReporter: { fileName: report } },
    ...{ tempDirName: work, cleanTempDir: 'always', allowConsoleColors: false, warnings: false },
    // Stryker would read it with the API of TypeScript 6. Nothing here compiles: Node strips the types.
    tsconfigFile: 'no-tsconfig.json',
    thresholds: { high: 100, low: 90, break: null },
  }
}

function stryker(config: string): Promise<void> {
  const child = spawn(process.execPath, [STRYKER, 'run', config], { cwd: checkout, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`Stryker ended with ${code}; its own message is above`)),
    )
  })
}

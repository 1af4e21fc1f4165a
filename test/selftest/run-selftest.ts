import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The command as an operator runs it, in a process of its own. */
export async function runSelftest(options: readonly string[]): Promise<Outcome> {
  const main = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'selftest']
  const child = spawn(process.execPath, [...main, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (bytes) => {
      said[name] += String(bytes)
    })
  const [exitCode] = (await once(child, 'close')) as [number]
  return { exitCode, ...said }
}

export interface ReportedCase {
  readonly id: string
  readonly section: string
  readonly status: string
  readonly detail: string
  readonly isUnanswered: boolean
}

export interface JsonReport {
  readonly exitCode: number
  readonly counts: Readonly<Record<'passed' | 'warnings' | 'failed' | 'notRun', number>>
  readonly cases: readonly ReportedCase[]
}

/** Runs it, and parses its JSON report. @throws Error with what it printed, if that is no report */
export async function reportOf(options: readonly string[]): Promise<JsonReport> {
  const { stdout, stderr } = await runSelftest([...options, '--format', 'json'])
  try {
    return JSON.parse(stdout)
  } catch (cause) {
    throw new Error(`no report: ${stderr}${stdout}`, { cause })
  }
}

/** Sorted. */
export const idsOf = (report: JsonReport, status: string): string[] =>
  report.cases
    .filter((each) => each.status === status)
    .map(({ id }) => id)
    .sort()

import { auditCommand } from '../src/cli/audit/command.ts'
import { reportError } from '../src/cli/report-error.ts'

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `modelops-gateway audit …` in this process, as `main.ts` would. One at a time. */
export async function runAudit(...args: readonly string[]): Promise<Ended> {
  const { log, error, exitCode } = { ...console, exitCode: process.exitCode }
  const [out, err]: [string[], string[]] = [[], []]
  console.log = (line: unknown) => void out.push(`${line}\n`)
  console.error = (line: unknown) => void err.push(`${line}\n`)
  process.exitCode = undefined
  try {
    await auditCommand().parseAsync(args, { from: 'user' })
  } catch (failure) {
    process.exitCode = reportError(failure)
  }
  const code = Number(process.exitCode ?? 0)
  Object.assign(console, { log, error })
  process.exitCode = exitCode
  return { code, stdout: out.join(''), stderr: err.join('') }
}

import type { Finding, Status } from './finding.ts'
import type { Outcome } from './run-checks.ts'

/** Signs and words: the meaning does not depend on a font or a color. */
const SIGNS: Readonly<Record<Status, string>> = {
  ok: '✓ ok',
  warning: '! warning',
  failed: '✗ failed',
  skipped: '- skipped',
}

const WIDTH = 10
const INDENT = ' '.repeat(WIDTH + 2)

/** One check, for a terminal: its title, and each finding with its cause and its fix. */
export function inWords({ title, findings }: Outcome): string {
  return [title, ...findings.map(findingInWords)].join('\n')
}

function findingInWords({ status, text, cause, fix }: Finding): string {
  const lines = [
    `  ${SIGNS[status].padEnd(WIDTH)}${text}`,
    ...(cause === undefined ? [] : [`${INDENT}Likely cause: ${cause}`]),
    ...(fix === undefined ? [] : [`${INDENT}Fix: ${fix}`]),
  ]
  return lines.join('\n')
}

export const ALL_GOOD = 0
export const FAILED = 1
export const WARNINGS = 2

export function exitCodeOf(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ status }) => status === 'failed')) return FAILED
  return outcomes.some(({ status }) => status === 'warning') ? WARNINGS : ALL_GOOD
}

export function summary(outcomes: readonly Outcome[], seconds: number): string {
  const count = (status: Status) =>
    outcomes.flatMap(({ findings }) => findings).filter((each) => each.status === status).length
  const counts = [
    `${count('ok')} ok`,
    `${count('warning')} ${count('warning') === 1 ? 'warning' : 'warnings'}`,
    `${count('failed')} failed`,
    `${count('skipped')} skipped`,
  ]
  return `${counts.join(', ')}; ${seconds.toFixed(1)} seconds`
}

/** For programs. Members may be added in the same version. */
export function asJson(file: string, outcomes: readonly Outcome[], seconds: number): string {
  const result = ['ok', 'failed', 'warnings'][exitCodeOf(outcomes)]
  return JSON.stringify({ version: 1, file, result, seconds: Number(seconds.toFixed(1)), checks: outcomes }, null, 2)
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const STATUSES = ['met', 'partly', 'gap', 'n/a'] as const

/** What the product does about one requirement of OWASP ASVS 5.0.0. */
export interface AsvsRow {
  /** Number without the letter, such as `1.2.3`. */
  readonly number: string
  /** What it asks for, in our words. */
  readonly asks: string
  readonly status: (typeof STATUSES)[number]
  readonly why: string
  /** Files and folders of the checkout. */
  readonly evidence: readonly string[]
}

/** The rows of the text files beside this one, by number. @throws Error naming the line that is no row */
export function asvsRows(): AsvsRow[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'))
  const lines = files.flatMap((name) => readFileSync(join(import.meta.dirname, name), 'utf8').split('\n'))
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseRow)
  return rows.sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }))
}

function parseRow(line: string): AsvsRow {
  const [number = '', asks = '', status, why = '', evidence, ...more] = line.split('|').map((part) => part.trim())
  const known = STATUSES.find((each) => each === status)
  if (known === undefined || evidence === undefined || more.length > 0) {
    throw new Error(`Not a row of the ASVS checklist, which has five columns and a status of ${STATUSES}: ${line}`)
  }
  return { number, asks, status: known, why, evidence: evidence.split(' ').filter((path) => path !== '') }
}

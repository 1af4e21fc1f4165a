import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One attack: the request and the expected outcome. */
export interface AttackCase {
  readonly name: string
  /** Latin-1 text, with placeholders. */
  readonly request: string
  /** First the status and the reason, then one expectation per line. */
  readonly expected: readonly string[]
}

const DIRECTORY = join(import.meta.dirname, 'cases')

export const families = () => readdirSync(DIRECTORY).map((file) => file.replace(/\.txt$/, ''))

/**
 * Reads `cases/FAMILY.txt`: `== name`, the request line by line (each ends with CRLF, or with nothing after `\-`), `--`,
 * the expectations. Escapes: `\r \n \t \0 \\ \xNN`.
 */
export function loadCases(family: string): AttackCase[] {
  const blocks = readLines(family).join('\n').split(/^== /m).slice(1)
  return blocks.map((block) => {
    const [name = '', ...lines] = block.trimEnd().split('\n')
    const split = lines.lastIndexOf('--')
    if (split < 0) throw new Error(`${family}: "${name}" has no line --`)
    const request = lines.slice(0, split).map((line) => (line.endsWith('\\-') ? line.slice(0, -2) : `${line}\\r\\n`))
    return { name, request: unescapeText(request.join('')), expected: lines.slice(split + 1) }
  })
}

/** The lines of a family without comments. */
export const readLines = (family: string) =>
  readFileSync(join(DIRECTORY, `${family}.txt`), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('# '))

const NAMED: Record<string, string> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' }

export const unescapeText = (text: string) =>
  text.replace(/\\(x[0-9a-f]{2}|[rnt0\\])/gi, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (NAMED[code] as string),
  )

/** Fills in `{name}` and `{text*count}`. */
export const fill = (text: string, values: Record<string, string>) =>
  text
    .replace(/\{([^{}]*)\*(\d+)\}/g, (_, unit: string, count: string) => unit.repeat(Number(count)))
    .replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)

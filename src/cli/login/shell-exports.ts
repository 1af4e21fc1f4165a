import { InvalidArgumentError } from 'commander'

export const SHELLS = ['posix', 'powershell', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** PowerShell also ends a single-quoted string at typographic quotes. */
const POWERSHELL_QUOTES = /['\u2018\u2019\u201a\u201b]/g

const LINE: Record<Shell, (name: string, value: string) => string> = {
  posix: (name, value) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  powershell: (name, value) => `$env:${name} = '${value.replace(POWERSHELL_QUOTES, '$&$&')}'`,
  fish: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`,
}

/** Lines that set the variables in a shell. Every value is quoted, so `eval` runs none of it. */
export const shellExports = (variables: Record<string, string>, shell: Shell): string =>
  Object.entries(variables)
    .map(([name, value]) => LINE[shell](name, value))
    .join('\n')

export function parseShell(text: string): Shell {
  const shell = SHELLS.find((known) => known === text)
  if (shell !== undefined) return shell
  throw new InvalidArgumentError(`Expected ${SHELLS.join(', ')}.`)
}

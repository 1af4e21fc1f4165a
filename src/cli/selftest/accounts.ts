import { readFileSync } from 'node:fs'
import { readFailure } from '../../shared/settings/read-file.ts'
import { CliError } from '../cli-error.ts'
import { INCORRECT_USE } from './exit-codes.ts'
import type { Account } from './world.ts'

export interface AccountOptions {
  /** Names of the options, for messages. */
  readonly names: { readonly token: string; readonly cookie: string; readonly project: string }
  readonly tokenFile?: string | undefined
  readonly cookieFile?: string | undefined
  readonly project?: string | undefined
}

/** Undefined: no account was given. @throws CliError */
export function accountOf({ names, tokenFile, cookieFile, project }: AccountOptions): Account | undefined {
  if (tokenFile !== undefined && cookieFile !== undefined)
    throw incorrect(`expected ${names.token} or ${names.cookie}, got both`)
  if (tokenFile === undefined && cookieFile === undefined) {
    if (project === undefined) return undefined
    throw incorrect(`${names.project}: expected an account as well. Add ${names.token} or ${names.cookie}`)
  }
  if (tokenFile !== undefined) {
    const token = secretIn(names.token, tokenFile)
    if (!/^[\w.~+/-]+=*$/.test(token)) throw incorrect(`${names.token}: expected a file with an access token alone`)
    return { kind: 'bearer', line: `Authorization: Bearer ${token}`, cookieNames: [], project }
  }
  const cookie = secretIn(names.cookie, cookieFile ?? '').replace(/^Cookie:\s*/i, '')
  const pairs = cookie.split(/;\s*/)
  if (/[\r\n]/.test(cookie) || !pairs.every((pair) => /^[^\s=;]+=[^;]*$/.test(pair)))
    throw incorrect(`${names.cookie}: expected a file with one line such as NAME=VALUE; NAME=VALUE`)
  const cookieNames = pairs.map((pair) => pair.slice(0, pair.indexOf('=')))
  return { kind: 'cookie', line: `Cookie: ${pairs.join('; ')}`, cookieNames, project }
}

const incorrect = (message: string) => new CliError(message, { exitCode: INCORRECT_USE })

function secretIn(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw incorrect(`${option}: expected a readable file, got ${readFailure(error)}`)
  }
}

/** Everything of an account that must not be shown: the token, and the value of each cookie. */
export function secretsOf(account: Account | undefined): string[] {
  if (account === undefined) return []
  const value = account.line.slice(account.line.indexOf(': ') + 2)
  if (account.kind === 'bearer') return [value.slice('Bearer '.length)]
  return [value, ...value.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1))]
}

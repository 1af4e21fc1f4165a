import { readFileSync } from 'node:fs'
import { CliError } from '../cli-error.ts'
import { isLevel, LEVELS, type Level } from './levels.ts'

/** The settings of `basic_auth.ini` that affect access. The administrator's password is not read. */
export interface BasicAuthIni {
  readonly path: string
  readonly defaultPermission: Level
  readonly databaseUri: string
  /** Whether all users have `defaultPermission` in the workspace `default`. */
  readonly defaultWorkspaceOpen: boolean
  /** The function that replaces MLflow's own user check; undefined: none. */
  readonly authorizationFunction: string | undefined
}

const OWN_AUTHORIZATION = 'mlflow.server.auth:authenticate_request_basic_auth'
const TRUE = new Set(['1', 'yes', 'true', 'on'])
const FALSE = new Set(['0', 'no', 'false', 'off'])

/** @throws CliError that names the file and the key */
export function loadBasicAuthIni(path: string): BasicAuthIni {
  const values = section(path, readText(path), 'mlflow')
  const defaultPermission = required(path, values, 'default_permission')
  if (!isLevel(defaultPermission)) {
    throw new CliError(`${path}: default_permission: expected ${LEVELS.join(', ')}, got "${defaultPermission}"`)
  }
  const authorizationFunction = values.get('authorization_function')
  return {
    path,
    defaultPermission,
    databaseUri: required(path, values, 'database_uri'),
    defaultWorkspaceOpen: flag(path, values, 'grant_default_workspace_access'),
    authorizationFunction: authorizationFunction === OWN_AUTHORIZATION ? undefined : authorizationFunction,
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unreadable'
    throw new CliError(`--ini ${path}: expected a readable basic_auth.ini, got ${code}`, { cause: error })
  }
}

/** One section as Python's configparser reads it: `key = value` or `key: value`, comments on separate lines. */
function section(path: string, text: string, name: string): Map<string, string> {
  const values = new Map<string, string>()
  let current: string | undefined
  for (const line of text.replace(/^\ufeff/, '').split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue
    const header = /^\[([^\]]+)\]/.exec(line)
    if (header) current = header[1]
    const [, key, value] = header ? [] : (/^([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [])
    if (current === name && key !== undefined && value !== undefined)
      values.set(key.toLowerCase(), plainValue(path, key, value))
  }
  if (values.size === 0) throw new CliError(`${path}: expected a section [${name}] with values, got none`)
  return values
}

function plainValue(path: string, key: string, value: string): string {
  if (/%(?!%)/.test(value.replaceAll('%%', ''))) {
    throw new CliError(
      `${path}: ${key}: expected a plain value, got an interpolation (%(name)s). Write the value itself.`,
    )
  }
  return value.replaceAll('%%', '%')
}

function required(path: string, values: Map<string, string>, key: string): string {
  const value = values.get(key)
  if (value) return value
  throw new CliError(`${path}: ${key}: expected a value in section [mlflow], got nothing`)
}

function flag(path: string, values: Map<string, string>, key: string): boolean {
  const value = (values.get(key) ?? 'false').toLowerCase()
  if (TRUE.has(value)) return true
  if (FALSE.has(value)) return false
  throw new CliError(`${path}: ${key}: expected true or false, got "${value}"`)
}

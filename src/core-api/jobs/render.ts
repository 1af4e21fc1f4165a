import { stringify } from 'yaml'
import type { JobEnvironment } from './environment.ts'

/** First line of every file written here; only files with this line are deleted. Every reader ignores it as a comment. */
export const MARK = '# modelops-gateway job-env: holds a password; remove it with --delete when the job has started'

/** Most bytes of all values of a Kubernetes Secret together. */
const SECRET_BYTES = 1_048_576
/** Longest `NAME=value` that Linux passes to a program, including NUL (MAX_ARG_STRLEN). */
const LONGEST_VARIABLE = 131_072

/**
 * An env file that `sh` (`set -a; . FILE`) and docker compose (`env_file`) read back byte for byte.
 *
 * Their syntax differs. Single quotes keep everything literal in both, except that compose drops a carriage return before
 * a line feed and reads `\'` as a quote. Double quotes take `\\`, `\"` and `\$` in both, but only `sh` needs a backtick to
 * be escaped. Both replace `${NAME}` with a variable of the same file. Backticks and carriage returns are written that
 * way where single quotes cannot contain the value.
 */
export function renderEnvFile(environment: JobEnvironment): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}\n`)
  const helpers = HELPERS.filter(({ reference }) => lines.some((line) => line.includes(reference)))
  return [`${MARK}\n`, ...helpers.map(({ line }) => line), ...lines].join('')
}

const HELPERS = [
  { character: '`', reference: '${JOB_ENV_BACKTICK}', line: "JOB_ENV_BACKTICK='`'\n" },
  { character: '\r', reference: '${JOB_ENV_RETURN}', line: "JOB_ENV_RETURN='\r'\n" },
] as const

function quote(value: string): string {
  if (!/['\r]/.test(value) && !value.endsWith('\\')) return `'${value}'`
  const escaped = value.replace(/[\\"$]/g, '\\$&')
  return `"${HELPERS.reduce((text, { character, reference }) => text.replaceAll(character, reference), escaped)}"`
}

/** Names of variables that are too long for Linux to pass to a program. */
export const oversizedVariables = (environment: JobEnvironment): string[] =>
  Object.entries(environment)
    .filter(([name, value]) => Buffer.byteLength(value) + name.length + 2 > LONGEST_VARIABLE)
    .map(([name]) => name)

/**
 * A Kubernetes Secret for `envFrom`. It is named after the connection, so that each job replaces it.
 * @throws RangeError when the values are too large for a Secret
 */
export function renderSecret(environment: JobEnvironment, connectionId: string): string {
  const bytes = Object.values(environment).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  if (bytes > SECRET_BYTES)
    throw new RangeError(`Kubernetes Secret: expected at most ${SECRET_BYTES} bytes, got ${bytes}`)
  const data = Object.entries(environment).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `dataset-connection-${connectionId}`,
      labels: { 'app.kubernetes.io/managed-by': 'modelops-gateway' },
    },
    type: 'Opaque',
    data: Object.fromEntries(data),
  }
  return `${MARK}\n${stringify(manifest, { lineWidth: 0 })}`
}

import { stringify } from 'yaml'
import type { JobEnvironment } from './environment.ts'

/** First line of every file written; what does not begin so is never shredded. A comment to every reader. */
export const MARK = '# modelops-gateway job-env: holds a password; remove it with --delete when the job has started'

/** Most bytes that all values of a Kubernetes Secret may have. */
const SECRET_BYTES = 1_048_576
/** Longest `NAME=value` that Linux hands to a program, its NUL included (MAX_ARG_STRLEN). */
const LONGEST_VARIABLE = 131_072

/**
 * An env file that `sh` (`set -a; . FILE`) and docker compose (`env_file`) read back byte for byte.
 *
 * The two agree on little. Single quotes keep everything literal in both, save that compose drops a carriage return
 * before a line feed and reads `\'` as a quote. Double quotes take `\\`, `\"` and `\$` in both, but a backtick must be
 * escaped for the one and not for the other. Both replace `${NAME}` by a variable of the same file: that is how a
 * backtick and a carriage return travel where single quotes cannot hold the value.
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

/** Names whose values `sh` reads but no program can be started with. */
export const oversized = (environment: JobEnvironment): string[] =>
  Object.entries(environment)
    .filter(([name, value]) => Buffer.byteLength(value) + name.length + 2 > LONGEST_VARIABLE)
    .map(([name]) => name)

/**
 * A Kubernetes Secret for `envFrom`. Its name is the connection's, so that it is made anew for each job and never two.
 * @throws RangeError when the values are more than a Secret holds
 */
export function renderSecret(environment: JobEnvironment, connectionId: string): string {
  const bytes = Object.values(environment).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  if (bytes > SECRET_BYTES) throw new RangeError(`expected at most ${SECRET_BYTES} bytes for a Secret, got ${bytes}`)
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

import { Command } from 'commander'
import * as client from 'openid-client'
import { JobEnvRefused, type JobEnvRequest, jobEnvironment } from '../core-api/jobs/job-env.ts'
import { oversizedVariables, renderEnvFile, renderSecret } from '../core-api/jobs/render.ts'
import { ForeignFile, shredSecretFile, writeSecretFile } from '../core-api/jobs/secret-file.ts'
import { isLoopback } from '../shared/loopback.ts'
import { messageOf } from '../shared/message-of.ts'
import { parseProjectId } from '../shared/project-id.ts'
import { CliError } from './cli-error.ts'

interface Options {
  readonly project?: string
  readonly connection?: string
  readonly user?: string
  readonly out: string
  readonly kubernetes?: true
  readonly delete?: true
}

const ENVIRONMENT = `
The command reads the same variables as the published client:
  VMO_URL                         base URL of the core API, or of the gateway's route to it
  VMO_API_AUTH_CLIENT_ID          the service user
  VMO_API_AUTH_CLIENT_SECRET
  VMO_API_AUTH_TOKEN_URL          the issuer's token endpoint
  AOA_CONN_ENCRYPTION_TOKEN       the token that credentials are encrypted with
  AOA_CONN_ENCRYPTION_TOKEN_PREVIOUS   the previous token during a rotation (optional)`

/** `job-env`: writes the decrypted environment of one job, on the machine that starts it. */
export function jobEnvCommand(env: NodeJS.ProcessEnv = process.env): Command {
  return new Command('job-env')
    .description('write the environment that a job connects to its database with; decrypts on this machine')
    .requiredOption('--out <file>', 'file to write, with mode 0600; use tmpfs')
    .option('--project <uuid>', 'project of the connection')
    .option('--connection <uuid>', 'dataset connection')
    .option('--user <name>', 'user of the job; a personal connection is available to its owner only')
    .option('--kubernetes', 'write a Secret manifest instead of an env file')
    .option('--delete', 'overwrite and delete the file instead')
    .addHelpText('after', ENVIRONMENT)
    .action((options: Options) => (options.delete ? remove(options.out) : write(options, env)))
}

async function remove(out: string): Promise<void> {
  try {
    if (!(await shredSecretFile(out))) console.error(`${out}: the file does not exist`)
  } catch (error) {
    throw error instanceof ForeignFile ? new CliError(error.message) : error
  }
}

async function write(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const target = {
    projectId: uuidOption('--project', options.project),
    connectionId: uuidOption('--connection', options.connection),
    user: option('--user', options.user),
  }
  const encryptionTokens = encryptionTokensOf(env)
  const url = secureUrl(env, 'VMO_URL')
  const request: JobEnvRequest = { ...target, url, encryptionTokens, accessToken: await accessToken(env) }
  const environment = await jobEnvironment(request).catch((error: unknown) => {
    throw error instanceof JobEnvRefused ? new CliError(error.message, { cause: error }) : error
  })
  for (const name of oversizedVariables(environment))
    console.error(`${name} is too long for Linux to pass to a program. Only shells that read the file get it.`)
  await writeSecretFile(
    options.out,
    options.kubernetes ? secret(environment, target.connectionId) : renderEnvFile(environment),
  )
}

function secret(environment: Parameters<typeof renderSecret>[0], connectionId: string): string {
  try {
    return renderSecret(environment, connectionId)
  } catch (error) {
    throw error instanceof RangeError ? new CliError(error.message) : error
  }
}

/** RFC 6749 §4.4. */
async function accessToken(env: NodeJS.ProcessEnv): Promise<string> {
  const tokenUrl = secureUrl(env, 'VMO_API_AUTH_TOKEN_URL')
  const { protocol, origin } = new URL(tokenUrl)
  const secret = variable(env, 'VMO_API_AUTH_CLIENT_SECRET')
  const metadata = { issuer: origin, token_endpoint: tokenUrl }
  const id = variable(env, 'VMO_API_AUTH_CLIENT_ID')
  const configuration = new client.Configuration(metadata, id, undefined, client.ClientSecretBasic(secret))
  if (protocol === 'http:') client.allowInsecureRequests(configuration)
  try {
    return (await client.clientCredentialsGrant(configuration)).access_token
  } catch (cause) {
    throw new CliError(`The issuer did not issue a token for the service user: ${messageOf(cause)}`, { cause })
  }
}

/** Access tokens and encrypted credentials go there. Plain http is allowed on loopback only, for the demo and tests. */
function secureUrl(env: NodeJS.ProcessEnv, name: string): string {
  const value = variable(env, name)
  if (!URL.canParse(value)) throw new CliError(`${name}: expected a URL (not shown)`)
  const { protocol, hostname, username, password } = new URL(value)
  const isSecure = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
  if (!isSecure) throw new CliError(`${name}: expected https, got ${protocol} outside loopback`)
  if (username !== '' || password !== '') throw new CliError(`${name}: expected a URL without user name and password`)
  return value
}

function encryptionTokensOf(env: NodeJS.ProcessEnv): [string, ...string[]] {
  const tokens: [string, ...string[]] = [variable(env, 'AOA_CONN_ENCRYPTION_TOKEN')]
  if (env.AOA_CONN_ENCRYPTION_TOKEN_PREVIOUS) tokens.push(env.AOA_CONN_ENCRYPTION_TOKEN_PREVIOUS)
  if (tokens.some((token) => /\s/u.test(token)))
    throw new CliError('AOA_CONN_ENCRYPTION_TOKEN: expected a token without spaces (not shown)')
  return tokens
}

function variable(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (value) return value
  throw new CliError(`${name}: expected a value in the environment, got nothing`)
}

function option(name: string, value: string | undefined): string {
  if (value) return value
  throw new CliError(`${name}: expected a value, got nothing`)
}

function uuidOption(name: string, value: string | undefined): string {
  const id = parseProjectId(option(name, value))
  if (id === undefined) throw new CliError(`${name}: expected a UUID, got ${JSON.stringify(value)}`)
  return id
}

import { type JobConnection, jobConnection } from '../api/job-connection.ts'
import { DecryptionFailed } from '../crypto/aes-gcm.ts'
import { CredentialCipher } from '../crypto/credential-cipher.ts'
import { decryptCredentials } from '../crypto/credentials.ts'
import { type JobEnvironment, jobEnvironmentOf } from './environment.ts'

export type { JobEnvironment } from './environment.ts'
export { renderEnvFile, renderSecret } from './render.ts'
export { shredSecretFile, writeSecretFile } from './secret-file.ts'

/** Longest wait for the core API, in milliseconds. */
const TIMEOUT_MS = 30_000

export interface JobEnvRequest {
  /** Base URL of the core API, or of the gateway's route to it. */
  readonly url: string
  /** An access token of the service user. */
  readonly accessToken: string
  /** Encryption tokens: the current one, and during a rotation the previous one. */
  readonly encryptionTokens: readonly [string, ...string[]]
  readonly projectId: string
  readonly connectionId: string
  /** The user of the job. A personal connection is available to jobs of its owner only. */
  readonly user: string
}

/** Why a job gets no environment. The message contains no secret and may be shown. */
export class JobEnvRefused extends Error {
  /** The reason from the core API, or what was wrong with its response. */
  readonly reason: string

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JobEnvRefused'
    this.reason = reason
  }
}

/**
 * The environment that a job connects to its database with. This is the only place that decrypts credentials: the core
 * API sends them encrypted, to the service user only.
 * @throws JobEnvRefused
 */
export async function jobEnvironment(request: JobEnvRequest): Promise<JobEnvironment> {
  const connection = await fetchConnection(request)
  const { id, projectId, user } = connection
  if (id !== request.connectionId || projectId !== request.projectId || user !== request.user)
    throw new JobEnvRefused('response-invalid', 'The core API responded with another connection.')
  return decryptJobConnection(connection, request.encryptionTokens)
}

/** The environment of a connection as the core API sends it. @throws JobEnvRefused */
export async function decryptJobConnection(
  connection: JobConnection,
  encryptionTokens: JobEnvRequest['encryptionTokens'],
): Promise<JobEnvironment> {
  if (!isForUser(connection))
    throw new JobEnvRefused('not-found', 'The connection is personal and does not belong to the user of the job.')
  const { log_mech: logMech, ...target } = connection.metadata
  const binding = { ...connection, ...target, logMech }
  const cipher = await CredentialCipher.create(encryptionTokens)
  try {
    const credentials = await decryptCredentials(cipher, binding, connection.credentials)
    return jobEnvironmentOf(connection.metadata, credentials)
  } catch (cause) {
    if (!(cause instanceof DecryptionFailed)) throw cause
    const message = cipher.ids.includes(connection.credentials.keyId)
      ? 'The credentials cannot be decrypted: the record was changed in the database. Enter them again.'
      : 'The credentials are encrypted with another encryption token than AOA_CONN_ENCRYPTION_TOKEN.'
    throw new JobEnvRefused('credentials-unreadable', message, { cause })
  }
}

/** The core API checks this too. Here it holds for the names that decryption authenticates. */
function isForUser({ personal, scope, owner, ownerName, user, credentials }: JobConnection): boolean {
  if (!personal) return scope === ''
  return scope === owner && (user === owner || (user === ownerName && credentials.format !== 1))
}

async function fetchConnection(request: JobEnvRequest): Promise<JobConnection> {
  const { url, accessToken, projectId, connectionId, user } = request
  const query = new URLSearchParams({ user })
  const address = `${url.replace(/\/+$/, '')}/api/datasetConnections/${connectionId}/job?${query}`
  let response: Response
  try {
    response = await fetch(address, {
      headers: { authorization: `Bearer ${accessToken}`, 'aoa-project-id': projectId },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    })
  } catch (cause) {
    throw new JobEnvRefused('core-down', `The core API at ${url} is not reachable.`, { cause })
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw denied(response.status, body)
  const result = jobConnection.safeParse(body)
  if (result.success) return result.data
  throw new JobEnvRefused('response-invalid', 'The response of the core API is not a connection.')
}

function denied(status: number, body: unknown): JobEnvRefused {
  const member = (name: string) => (body !== null && typeof body === 'object' ? Reflect.get(body, name) : undefined)
  const reason = String(member('reason') ?? `status-${status}`)
  const title = String(member('title') ?? 'no details')
  return new JobEnvRefused(reason, `The core API denied the request (${status} ${reason}): ${title}`)
}

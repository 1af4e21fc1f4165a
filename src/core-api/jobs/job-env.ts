import type { z } from 'zod'
import { type JobConnection, jobConnection } from '../api/job-connection.ts'
import { unsealCredentials } from '../credentials.ts'
import { KeyRing } from '../crypto/keyring.ts'
import { SealBroken } from '../crypto/sealed.ts'
import { environmentOf, type JobEnvironment } from './environment.ts'

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
  /** Encryption tokens: the present one, and the former while a rotation runs. */
  readonly encryptionTokens: readonly [string, ...string[]]
  readonly projectId: string
  readonly connectionId: string
  /** Whose job it is: a personal connection is given to its owner's jobs only. */
  readonly user: string
}

/** Why a job gets no environment; the message may be shown, it holds no secret. */
export class JobEnvRefused extends Error {
  /** The core API's reason, or what was wrong with its answer. */
  readonly reason: string

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JobEnvRefused'
    this.reason = reason
  }
}

/**
 * The environment that a job connects to its database with. Credentials are sealed until here: the core API hands out
 * what is sealed to the service user alone, and it takes the encryption token to read it.
 * @throws JobEnvRefused
 */
export async function jobEnvironment(request: JobEnvRequest): Promise<JobEnvironment> {
  const connection = await fetchConnection(request)
  const { id, projectId, user } = connection
  if (id !== request.connectionId || projectId !== request.projectId || user !== request.user)
    throw new JobEnvRefused('answer-invalid', 'the core API answered about another connection')
  const bound = { ...connection, host: connection.metadata.host, logMech: connection.metadata.log_mech }
  const ring = await KeyRing.open(request.encryptionTokens)
  try {
    return environmentOf(connection.metadata, await unsealCredentials(ring, bound, connection.credentials))
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause
    const message = ring.ids.includes(connection.credentials.keyId)
      ? 'the credentials were changed since they were sealed, or moved from another connection or host'
      : 'the credentials are sealed under another encryption token than AOA_CONN_ENCRYPTION_TOKEN'
    throw new JobEnvRefused('credentials-unreadable', message, { cause })
  }
}

async function fetchConnection({
  url,
  accessToken,
  projectId,
  connectionId,
  user,
}: JobEnvRequest): Promise<JobConnection> {
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
    throw new JobEnvRefused('core-down', `the core API at ${url} cannot be reached`, { cause })
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusal(response.status, body)
  return parsed(jobConnection, body)
}

function refusal(status: number, body: unknown): JobEnvRefused {
  const told = (name: string) => (body !== null && typeof body === 'object' ? Reflect.get(body, name) : undefined)
  const reason = String(told('reason') ?? `status-${status}`)
  return new JobEnvRefused(reason, `the core API refused (${status} ${reason}): ${told('title') ?? 'no words'}`)
}

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new JobEnvRefused('answer-invalid', 'the core API answered something else than a connection')
}

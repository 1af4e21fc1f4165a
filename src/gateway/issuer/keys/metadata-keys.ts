import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import { Refusal } from '../../errors.ts'
import { endpointError } from '../endpoints.ts'
import { IssuerRequests } from '../issuer-requests.ts'
import { type IssuerKeys, issuerKeys } from './issuer-keys.ts'

/** Pause after metadata could not be loaded, in milliseconds. */
const PAUSE_MS = 5000

export interface KeyLocation {
  /** Issuer identifier. */
  readonly url: string
  /** Where its keys are; absent: its metadata says. */
  readonly jwksUrl?: string | undefined
}

/**
 * Keys of an issuer that only signs tokens. Its metadata is loaded when the first token arrives, and only once.
 * @returns a function that throws Refusal issuer-down
 */
export function metadataKeys(
  { url, jwksUrl }: KeyLocation,
  timeoutSeconds: number,
  clock: Clock,
  log: Logger,
  requests = new IssuerRequests(),
): () => Promise<IssuerKeys> {
  let loading: Promise<IssuerKeys> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const load = async () => {
    const jwksUri = jwksUrl ?? (await loadJwksUri(url, timeoutSeconds, requests))
    requests.learn({ jwks_uri: jwksUri })
    return issuerKeys(new URL(jwksUri), timeoutSeconds, clock, log, requests.fetch)
  }
  return async () => {
    if (loading === undefined && clock() - failedAt < PAUSE_MS) throw down('its metadata could not be loaded just now')
    loading ??= load()
    try {
      return await loading
    } catch (error) {
      loading = undefined
      failedAt = clock()
      const fault = messageOf(error)
      log.warn({ issuer: url, fault }, 'metadata of an additional issuer could not be loaded')
      throw down(fault)
    }
  }
}

const down = (detail: string) => new Refusal('issuer-down', detail)

/** @see OIDC Discovery §4. @throws Error with a message for operators */
async function loadJwksUri(url: string, timeoutSeconds: number, requests: IssuerRequests): Promise<string> {
  const response = await requests.fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  })
  if (!response.ok) throw new Error(`metadata: expected status 200, got ${response.status}`)
  const { issuer, jwks_uri } = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown }
  if (issuer !== url) throw new Error(`issuer: expected exactly ${url}, got ${JSON.stringify(issuer)}`)
  const error = endpointError(jwks_uri, url)
  if (error !== undefined) throw new Error(`jwks_uri: expected ${error.expected}, got ${error.got}`)
  return String(jwks_uri)
}

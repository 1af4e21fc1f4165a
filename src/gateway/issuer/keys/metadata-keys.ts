import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import { Refusal } from '../errors.ts'
import { type IssuerKeys, issuerKeys } from './issuer-keys.ts'

/** Pause after metadata that could not be had, in milliseconds. */
const PAUSE_MS = 5000

export interface KeyLocation {
  /** Issuer identifier. */
  readonly url: string
  /** Where its keys are; absent: where its metadata says. */
  readonly jwksUrl?: string | undefined
}

/**
 * Keys of an issuer that only signs tokens; its metadata is asked for when the first token comes, and once for all.
 * @returns a function that throws Refusal issuer-down
 */
export function keysAtIssuer(
  { url, jwksUrl }: KeyLocation,
  timeoutSeconds: number,
  clock: Clock,
  log: Logger,
): () => Promise<IssuerKeys> {
  let asking: Promise<IssuerKeys> | undefined
  let failedAt = Number.NEGATIVE_INFINITY
  const ask = async () => {
    const jwksUri = jwksUrl ?? (await jwksUriOf(url, timeoutSeconds))
    return issuerKeys(new URL(jwksUri), timeoutSeconds, clock, log)
  }
  return async () => {
    if (asking === undefined && clock() - failedAt < PAUSE_MS) throw down('its metadata could not be had just now')
    asking ??= ask()
    try {
      return await asking
    } catch (error) {
      asking = undefined
      failedAt = clock()
      const fault = error instanceof Error ? error.message : String(error)
      log.warn({ issuer: url, fault }, 'metadata of an additional issuer could not be had')
      throw down(fault)
    }
  }
}

const down = (detail: string) => new Refusal('issuer-down', detail, { headers: { 'Retry-After': '5' } })

/** @throws Error in words for an operator */
async function jwksUriOf(url: string, timeoutSeconds: number): Promise<string> {
  const answer = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
    redirect: 'error',
  })
  if (!answer.ok) throw new Error(`metadata: expected status 200, got ${answer.status}`)
  const { issuer, jwks_uri } = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown }
  if (issuer !== url) throw new Error(`issuer: expected exactly ${url}, got ${JSON.stringify(issuer)}`)
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri)) throw new Error('jwks_uri: expected a URL')
  if (url.startsWith('https:') && !jwks_uri.startsWith('https:')) throw new Error('jwks_uri: expected https')
  return jwks_uri
}

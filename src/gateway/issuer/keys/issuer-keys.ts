import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from 'jose'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'

/** Least time between two loads that unknown key ids can cause, in milliseconds. */
const COOL_DOWN_MS = 30_000
/** Pause after a load that failed, in milliseconds: a flood of tokens must not become a flood upon an issuer in trouble. */
const PAUSE_MS = 5000
/** Age at which a used key set is loaded anew in the background, in milliseconds. */
const RELOAD_MS = 600_000

/** The issuer's public keys. */
export interface IssuerKeys {
  /** Finds the key of a token; an unknown key id loads the set anew, at most once in the cool-down. */
  readonly find: JWTVerifyGetKey
  /** Loads the set now: for tokens that came from the issuer itself and so cannot be used to force loads. */
  reload(): Promise<void>
}

/**
 * Keys come from the issuer's `jwks_uri` alone; `jku`, `jwk` and `x5u` of a token are never looked at (RFC 8725 §3.10).
 * Known keys stay usable while the issuer cannot be reached; a key that the issuer withdrew goes with the next load.
 * @param timeoutSeconds Longest wait for one load.
 */
export function issuerKeys(jwksUri: URL, timeoutSeconds: number, clock: Clock, log: Logger): IssuerKeys {
  const set = createRemoteJWKSet(jwksUri, {
    [customFetch]: pausingFetch(clock),
    timeoutDuration: timeoutSeconds * 1000,
    cooldownDuration: COOL_DOWN_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
  })
  let loadedAt = clock()
  const reload = async () => {
    loadedAt = clock()
    await set.reload()
    log.info({ jwksUri: jwksUri.href }, 'issuer keys loaded')
  }
  return {
    reload,
    find(header, token) {
      if (clock() - loadedAt > RELOAD_MS) {
        reload().catch((cause: unknown) => log.warn({ err: cause }, 'issuer keys could not be loaded; known keys stay'))
      }
      return set(header, token)
    },
  }
}

function pausingFetch(clock: Clock): FetchImplementation {
  let failure: { readonly at: number; readonly error: unknown } | undefined
  return async (url, options) => {
    if (failure !== undefined && clock() - failure.at < PAUSE_MS) throw failure.error
    try {
      const answer = await fetch(url, options)
      if (!answer.ok) throw new TypeError('keys not loaded', { cause: new Error(`status ${answer.status}`) })
      failure = undefined
      return answer
    } catch (error) {
      failure = { at: clock(), error }
      throw error
    }
  }
}

/** Whether the keys could not be loaded, as opposed to a token that does not fit them. */
export const isKeyOutage = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')

import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from 'jose'
import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import { issuerFetch } from '../issuer-fetch.ts'
import { parseKeySet } from './key-set.ts'

/**
 * Who presented a token: the issuer itself, at its token endpoint, or a client, which may be anybody. Tokens of clients
 * could otherwise force loads, and use up the loads that sign-ins need right after a rotation.
 */
export type TokenSource = 'issuer' | 'client'

/** Least time between two loads that tokens of one source can cause, in milliseconds. */
const COOL_DOWN_MS: Readonly<Record<TokenSource, number>> = { issuer: 1000, client: 30_000 }
/** Pause after a failed load, in milliseconds: a flood of tokens must not become a flood upon an issuer in trouble. */
const PAUSE_MS = 5000
/** Age at which a key set in use is loaded again in the background, in milliseconds. */
const RELOAD_MS = 600_000

/** The issuer's public keys. */
export interface IssuerKeys {
  /** Finds the key of a token among the loaded keys; the first call loads them. */
  readonly find: JWTVerifyGetKey
  /** Loads the set now. Calls at the same time share one request. */
  reload(): Promise<void>
  /** Loads the set because a token fits none of its keys, unless the last such load is more recent than the cool-down. */
  reloadFor(source: TokenSource): Promise<void>
}

/**
 * Keys come from the issuer's `jwks_uri` alone; `jku`, `jwk` and `x5u` of a token are ignored (RFC 8725 §3.10). Known
 * keys stay usable while the issuer cannot be reached; the next load removes a withdrawn key.
 * @param timeoutSeconds Longest wait for one load.
 */
export function issuerKeys(
  jwksUri: URL,
  timeoutSeconds: number,
  clock: Clock,
  log: Logger,
  fetch: FetchImplementation = issuerFetch,
): IssuerKeys {
  const set = createRemoteJWKSet(jwksUri, {
    [customFetch]: pausingFetch(clock, fetch),
    timeoutDuration: timeoutSeconds * 1000,
    cooldownDuration: Number.POSITIVE_INFINITY, // loads for unknown keys are decided below, by our clock
    cacheMaxAge: Number.POSITIVE_INFINITY,
  })
  const forcedAt = { issuer: Number.NEGATIVE_INFINITY, client: Number.NEGATIVE_INFINITY }
  let loadedAt = clock()
  let running: Promise<void> | undefined
  const load = async () => {
    loadedAt = clock()
    await set.reload()
    log.info({ jwksUri: jwksUri.href }, 'issuer keys loaded')
  }
  const reload = () => {
    running ??= load().finally(() => {
      running = undefined
    })
    return running
  }
  return {
    reload,
    async reloadFor(source) {
      if (running === undefined && clock() - forcedAt[source] < COOL_DOWN_MS[source]) return
      forcedAt[source] = clock()
      try {
        await reload()
      } catch (error) {
        forcedAt[source] = Number.NEGATIVE_INFINITY // PAUSE_MS bounds how often a failed load is repeated
        throw error
      }
    },
    find(header, token) {
      if (clock() - loadedAt > RELOAD_MS) {
        reload().catch((err: unknown) =>
          log.warn({ err }, 'issuer keys could not be loaded; the known keys stay in use'),
        )
      }
      return set(header, token)
    },
  }
}

function pausingFetch(clock: Clock, fetch: FetchImplementation): FetchImplementation {
  let failure: { readonly at: number; readonly error: unknown } | undefined
  return async (url, options) => {
    if (failure !== undefined && clock() - failure.at < PAUSE_MS) throw failure.error
    try {
      const set = await loadKeySet(await fetch(url, options))
      failure = undefined
      return Response.json(set)
    } catch (error) {
      failure = { at: clock(), error }
      throw error
    }
  }
}

/** The key set of a response (RFC 7517 §5). Whatever else a server sends says nothing about the tokens of the issuer. */
async function loadKeySet(response: Response): Promise<object> {
  if (!response.ok) throw notLoaded(`status ${response.status}`)
  const text = await response.text()
  try {
    return parseKeySet(text)
  } catch (error) {
    throw notLoaded(messageOf(error))
  }
}

/** As `fetch` reports that a server cannot be reached. */
const notLoaded = (why: string) => new TypeError('keys not loaded', { cause: new Error(why) })

/** Whether the keys could not be loaded, as opposed to a token that no key verifies. */
export const isKeyOutage = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')

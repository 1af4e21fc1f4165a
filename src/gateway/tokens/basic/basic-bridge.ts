import { createHmac, randomBytes } from 'node:crypto'
import { boundedCache } from '../../../shared/bounded-cache.ts'
import type { Clock } from '../../../shared/clock.ts'
import { Refusal } from '../../errors.ts'
import { type Attempts, addressKey } from '../attempts.ts'
import type { VerifyBearer } from '../bearer/verify-bearer.ts'
import type { Caller } from '../caller.ts'
import type { TokenEvents } from '../token-events.ts'
import type { BasicCredentials } from './basic-credentials.ts'
import { type FetchClientToken, wrongCredentials } from './client-token.ts'

/** Credentials remembered at most, accepted and refused ones each. */
const REMEMBERED = 10_000
/** Longest use of one token, in seconds: a withdrawn secret or client ends within it. */
const REUSE_SECONDS = 300
/** Part of a token's lifetime after which the next one is requested. */
const RENEW_AT = 0.8
/** Refused credentials are refused again without a request for this time, in milliseconds. */
const REFUSED_MS = 10_000

export interface BasicBridgeDeps {
  readonly fetchToken: FetchClientToken
  readonly verifyBearer: VerifyBearer
  /** Use of one token, if shorter than five minutes. */
  readonly reuseSeconds?: number
  /** Wrong credentials by client address, and by client ID. */
  readonly byAddress: Attempts
  readonly byClient: Attempts
  readonly clock: Clock
  readonly events?: TokenEvents | undefined
}

/** @throws Refusal token-invalid, rate-limited, issuer-down */
export type BridgeBasic = (credentials: BasicCredentials, address: string) => Promise<Caller>

/** A caller by Basic credentials. Times are milliseconds since the epoch. */
interface KnownCaller {
  readonly caller: Caller
  /** When the next token is requested. */
  readonly renewAt: number
  readonly expiresAt: number
}

/**
 * Exchanges a client's ID and secret for its access token (RFC 6749 §4.4), for clients that support nothing but a user
 * name and a password. Credentials are remembered by a keyed hash of both parts: a wrong secret never finds the token of
 * the right one, and no secret is kept.
 */
export function buildBasicBridge(deps: BasicBridgeDeps): BridgeBasic {
  const { clock, events } = deps
  const hashKey = randomBytes(32)
  const callers = boundedCache<KnownCaller>(REMEMBERED)
  /** Credentials that were accepted before: guesses of others do not lock their owner out. */
  const proven = boundedCache<true>(REMEMBERED)
  const refusedUntil = boundedCache<number>(REMEMBERED)
  const running = new Map<string, Promise<Caller>>()

  async function authenticate(credentials: BasicCredentials, hash: string, address: string): Promise<Caller> {
    try {
      const next = proven.has(hash)
        ? await exchange(deps, credentials, address)
        : await exchangeUnproven(deps, credentials, address)
      callers.set(hash, next)
      proven.set(hash, true)
      return next.caller
    } catch (error) {
      if (!isWrongCredentials(error)) return callerDuringOutage(hash, error)
      callers.delete(hash)
      proven.delete(hash)
      refusedUntil.set(hash, clock() + REFUSED_MS)
      throw error
    }
  }

  /** While the issuer is down, the last token is used until it expires. */
  function callerDuringOutage(hash: string, error: unknown): Caller {
    const known = callers.get(hash)
    if (known !== undefined && clock() < known.expiresAt) return known.caller
    throw error
  }

  return async (credentials, address) => {
    const hash = createHmac('sha256', hashKey)
      .update(`${credentials.clientId}:${credentials.secret}`)
      .digest('base64url')
    const known = callers.get(hash)
    const isKnown = known !== undefined && clock() < known.renewAt
    const isRefused = !isKnown && clock() < (refusedUntil.get(hash) ?? 0)
    events?.lookedUp('basic', isKnown || isRefused)
    if (isKnown) return known.caller
    if (isRefused) throw wrongCredentials('refused a moment ago')
    const started = running.get(hash) ?? authenticate(credentials, hash, address).finally(() => running.delete(hash))
    running.set(hash, started)
    return started
  }
}

/** Unproven credentials use an attempt up, which is given back unless they are wrong. */
async function exchangeUnproven(
  deps: BasicBridgeDeps,
  credentials: BasicCredentials,
  address: string,
): Promise<KnownCaller> {
  const network = addressKey(address)
  deps.byAddress.take(network)
  deps.byClient.take(credentials.clientId)
  let isWrong = false
  try {
    return await exchange(deps, credentials, address)
  } catch (error) {
    isWrong = isWrongCredentials(error)
    throw error
  } finally {
    if (!isWrong) {
      deps.byAddress.giveBack(network)
      deps.byClient.giveBack(credentials.clientId)
    }
  }
}

async function exchange(
  { fetchToken, verifyBearer, reuseSeconds = REUSE_SECONDS, clock }: BasicBridgeDeps,
  credentials: BasicCredentials,
  address: string,
): Promise<KnownCaller> {
  const requestedAt = clock()
  const { token, seconds } = await fetchToken(credentials)
  const { principal, confirmation, forRoutes } = await verifyOwn(verifyBearer, token, address)
  // Nobody proves here that they have the key, and the caller is remembered for every route.
  if (confirmation !== undefined) throw wrongCredentials('the issuer’s token is bound to a key')
  if (forRoutes !== undefined) throw wrongCredentials('the issuer’s token is for a single route')
  // With a token of another client, one client's secret would authenticate as another.
  if (principal.kind !== 'machine' || principal.clientId !== credentials.clientId)
    throw wrongCredentials('the issuer’s token does not name the client')
  const longestMs = Math.min(REUSE_SECONDS, reuseSeconds) * 1000
  return {
    caller: { principal, via: 'bearer', token },
    renewAt: requestedAt + Math.min(longestMs, seconds * 1000 * RENEW_AT),
    expiresAt: requestedAt + Math.min(longestMs, seconds * 1000),
  }
}

async function verifyOwn(verifyBearer: VerifyBearer, token: string, address: string) {
  try {
    return await verifyBearer(token, address)
  } catch (error) {
    if (isWrongCredentials(error)) throw wrongCredentials(`the issuer’s token: ${error.message}`)
    throw error
  }
}

const isWrongCredentials = (error: unknown): error is Refusal =>
  error instanceof Refusal && error.reason === 'token-invalid'

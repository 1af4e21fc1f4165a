import { createHmac, randomBytes } from 'node:crypto'
import { boundedCache } from '../../../shared/bounded-cache.ts'
import type { Clock } from '../../../shared/clock.ts'
import { Refusal } from '../../errors.ts'
import { type Attempts, addressKey } from '../attempts.ts'
import type { VerifyBearer } from '../bearer.ts'
import type { Caller } from '../caller.ts'
import type { BasicCredentials } from './basic-credentials.ts'
import { type FetchClientToken, wrongCredentials } from './client-token.ts'

/** Credentials remembered at most, the right and the wrong each. */
const REMEMBERED = 10_000
/** Longest use of one token, in milliseconds: a withdrawn secret or client ends within it. */
const REUSE_MS = 300_000
/** Part of a token's life after which the next one is asked for. */
const RENEW_AT = 0.8
/** Wrong credentials are refused again without asking for this time, in milliseconds. */
const WRONG_MS = 10_000

export interface BasicBridgeDeps {
  readonly fetchToken: FetchClientToken
  readonly verifyBearer: VerifyBearer
  /** Wrong credentials by client address, and by client id. */
  readonly byAddress: Attempts
  readonly byClient: Attempts
  readonly clock: Clock
}

/** @throws Refusal token-invalid, rate-limited, issuer-down */
export type BridgeBasic = (credentials: BasicCredentials, address: string) => Promise<Caller>

interface Held {
  readonly caller: Caller
  /** When the issuer is asked again and when the token is over, in milliseconds since the epoch. */
  readonly renewAt: number
  readonly endsAt: number
}

/**
 * Turns a client's id and secret into its own access token (RFC 6749 §4.4), so that clients that know nothing but a user
 * name and a password go on. Credentials are known by a keyed hash of both: a wrong secret never meets a right one's
 * token, and no secret is kept.
 */
export function buildBasicBridge(deps: BasicBridgeDeps): BridgeBasic {
  const { clock } = deps
  const hashKey = randomBytes(32)
  const held = boundedCache<Held>(REMEMBERED)
  /** Credentials that were right once: somebody else's guesses do not lock their owner out. */
  const proven = boundedCache<true>(REMEMBERED)
  const wrong = boundedCache<number>(REMEMBERED)
  const asking = new Map<string, Promise<Caller>>()

  async function ask(credentials: BasicCredentials, hash: string, address: string): Promise<Caller> {
    try {
      const next = proven.has(hash)
        ? await exchange(deps, credentials, address)
        : await guess(deps, credentials, address)
      held.set(hash, next)
      proven.set(hash, true)
      return next.caller
    } catch (error) {
      if (!isVerdict(error)) return callerWhileAway(hash, error)
      held.delete(hash)
      proven.delete(hash)
      wrong.set(hash, clock() + WRONG_MS)
      throw error
    }
  }

  /** While the issuer is away, what it gave before is good until it ends. */
  function callerWhileAway(hash: string, error: unknown): Caller {
    const known = held.get(hash)
    if (known !== undefined && clock() < known.endsAt) return known.caller
    throw error
  }

  return async (credentials, address) => {
    const hash = createHmac('sha256', hashKey)
      .update(`${credentials.clientId}:${credentials.secret}`)
      .digest('base64url')
    const known = held.get(hash)
    if (known !== undefined && clock() < known.renewAt) return known.caller
    if (clock() < (wrong.get(hash) ?? 0)) throw wrongCredentials('refused a moment ago')
    const running = asking.get(hash) ?? ask(credentials, hash, address).finally(() => asking.delete(hash))
    asking.set(hash, running)
    return running
  }
}

/** Credentials that nobody has proven yet cost an attempt, which is given back unless they turn out to be wrong. */
async function guess(deps: BasicBridgeDeps, credentials: BasicCredentials, address: string): Promise<Held> {
  const place = addressKey(address)
  await deps.byAddress.take(place)
  await deps.byClient.take(credentials.clientId)
  let isWrong = false
  try {
    return await exchange(deps, credentials, address)
  } catch (error) {
    isWrong = isVerdict(error)
    throw error
  } finally {
    if (!isWrong) await Promise.all([deps.byAddress.giveBack(place), deps.byClient.giveBack(credentials.clientId)])
  }
}

async function exchange(
  { fetchToken, verifyBearer, clock }: BasicBridgeDeps,
  credentials: BasicCredentials,
  address: string,
): Promise<Held> {
  const askedAt = clock()
  const { token, seconds } = await fetchToken(credentials)
  const principal = await verifyOwn(verifyBearer, token, address)
  // A token for somebody else than the client that asked would let its secret speak for another.
  if (principal.kind !== 'machine' || principal.clientId !== credentials.clientId)
    throw wrongCredentials('the issuer’s token does not name the client')
  return {
    caller: { principal, via: 'bearer', token },
    renewAt: askedAt + Math.min(REUSE_MS, seconds * 1000 * RENEW_AT),
    endsAt: askedAt + Math.min(REUSE_MS, seconds * 1000),
  }
}

async function verifyOwn(verifyBearer: VerifyBearer, token: string, address: string) {
  try {
    return await verifyBearer(token, address)
  } catch (error) {
    if (isVerdict(error)) throw wrongCredentials(`the issuer’s token: ${error.message}`)
    throw error
  }
}

const isVerdict = (error: unknown): error is Refusal => error instanceof Refusal && error.reason === 'token-invalid'

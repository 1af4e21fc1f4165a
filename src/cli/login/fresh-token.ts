import * as oidc from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import { CliError } from '../cli-error.ts'
import { discover } from './gateway.ts'
import { isAlive, isFresh, signInFrom } from './sign-in.ts'
import type { Cache, SignIn, TokenCache } from './token-cache.ts'

/**
 * The gateway to use: the one named, else the last one that the user signed in to.
 * @throws CliError
 */
export function chooseGateway(cache: Cache, named: string | undefined): string {
  const gateway = named ?? cache.current
  if (gateway !== undefined) return gateway
  throw new CliError('You are not signed in. Run: modelops-gateway login --gateway URL')
}

/**
 * The sign-in at the gateway with an access token that is not about to expire, refreshed if necessary.
 * Parallel callers refresh once: the others wait for the lock and find the new token. An issuer that rotates refresh
 * tokens may end the whole sign-in if one is used twice (RFC 9700 §4.14.2).
 * @throws CliError
 */
export async function freshSignIn(cache: TokenCache, gateway: string, clock: Clock): Promise<SignIn> {
  const known = signInAt(await cache.load(), gateway)
  if (isFresh(known, clock)) return known
  let result = known
  await cache.update(async (current) => {
    result = signInAt(current, gateway)
    if (isFresh(result, clock)) return undefined
    result = await refresh(result, gateway, clock)
    return { ...current, gateways: { ...current.gateways, [gateway]: result } }
  })
  return result
}

function signInAt(cache: Cache, gateway: string): SignIn {
  const signIn = cache.gateways[gateway]
  if (signIn !== undefined) return signIn
  throw new CliError(`You are not signed in to ${gateway}. Run: modelops-gateway login --gateway ${gateway}`)
}

async function refresh(previous: SignIn, gateway: string, clock: Clock): Promise<SignIn> {
  const { issuer, client_id: clientId, refresh_token: refreshToken } = previous
  if (refreshToken === undefined) return aliveOr(previous, clock, ended(gateway))
  try {
    const tokens = await oidc.refreshTokenGrant(await discover(issuer, clientId), refreshToken)
    return signInFrom(tokens, { issuer, clientId }, clock, previous)
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') throw ended(gateway, error)
    const down =
      error instanceof CliError
        ? error
        : new CliError(`issuer ${issuer}: the token could not be refreshed`, { cause: error })
    return aliveOr(previous, clock, down)
  }
}

/** While the current token is valid, an issuer that cannot be reached is no error. */
function aliveOr(previous: SignIn, clock: Clock, failure: CliError): SignIn {
  if (isAlive(previous, clock)) return previous
  throw failure
}

const ended = (gateway: string, cause?: Error): CliError =>
  new CliError(`Your sign-in to ${gateway} has ended. Run: modelops-gateway login --gateway ${gateway}`, { cause })

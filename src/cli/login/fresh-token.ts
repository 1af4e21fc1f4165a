import * as oidc from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import { CliError } from '../cli-error.ts'
import { discover } from './gateway.ts'
import { isAlive, isFresh, signInFrom } from './sign-in.ts'
import type { Cache, SignIn, TokenCache } from './token-cache.ts'

/**
 * The gateway to act on: the one named, else the one signed in to last.
 * @throws CliError
 */
export function chooseGateway(cache: Cache, named: string | undefined): string {
  const gateway = named ?? cache.current
  if (gateway !== undefined) return gateway
  throw new CliError('You are not signed in. Run: modelops-gateway login --gateway URL')
}

/**
 * The sign-in at the gateway with an access token that will live a while, refreshed if it must be.
 * Parallel callers refresh once: the others wait for the lock and find the new token (a refresh token used twice may
 * end the whole sign-in where the issuer rotates them, RFC 9700 §4.14.2).
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

async function refresh(former: SignIn, gateway: string, clock: Clock): Promise<SignIn> {
  const { issuer, client_id: clientId, refresh_token: refreshToken } = former
  if (refreshToken === undefined) return aliveOr(former, clock, ended(gateway))
  try {
    const answer = await oidc.refreshTokenGrant(await discover(issuer, clientId), refreshToken)
    return signInFrom(answer, { issuer, clientId }, clock, former)
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') throw ended(gateway, error)
    const down =
      error instanceof CliError ? error : new CliError(`issuer ${issuer} gave no new token`, { cause: error })
    return aliveOr(former, clock, down)
  }
}

/** An issuer that is away for a moment costs nothing while the token at hand still lives. */
function aliveOr(former: SignIn, clock: Clock, failure: CliError): SignIn {
  if (isAlive(former, clock)) return former
  throw failure
}

const ended = (gateway: string, cause?: Error): CliError =>
  new CliError(`Your sign-in to ${gateway} has ended. Run: modelops-gateway login --gateway ${gateway}`, { cause })

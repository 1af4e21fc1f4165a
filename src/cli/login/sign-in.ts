import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import { CliError } from '../cli-error.ts'
import { BEARER_TOKEN, type SignIn } from './token-cache.ts'

type TokenResponse = TokenEndpointResponse & TokenEndpointResponseHelpers

/** Assumed lifetime of an access token without `expires_in`, which RFC 6749 §5.1 only recommends. */
const DEFAULT_LIFETIME_SECONDS = 300

/**
 * What is kept of the issuer's response.
 * @param previous The sign-in that is refreshed: an issuer that does not rotate sends no new refresh token.
 * @throws CliError
 */
export function signInFrom(
  tokens: TokenResponse,
  about: { issuer: string; clientId: string },
  clock: Clock,
  previous?: SignIn,
) {
  if (tokens.token_type !== 'bearer' || !BEARER_TOKEN.test(tokens.access_token)) {
    throw new CliError(`issuer ${about.issuer}: expected a bearer token, got something else`)
  }
  const now = Math.floor(clock() / 1000)
  const refreshToken = tokens.refresh_token ?? previous?.refresh_token
  const signIn: SignIn = {
    issuer: about.issuer,
    client_id: about.clientId,
    username: usernameOf(tokens) ?? previous?.username ?? 'unknown',
    access_token: tokens.access_token,
    issued_at: now,
    expires_at: now + (tokens.expiresIn() ?? DEFAULT_LIFETIME_SECONDS),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  }
  return signIn
}

function usernameOf(tokens: TokenResponse): string | undefined {
  const claims = tokens.claims()
  if (claims === undefined) return undefined
  return typeof claims.preferred_username === 'string' ? claims.preferred_username : claims.sub
}

/** A token is refreshed in the last minute of its lifetime, or in the last fifth of a short one. */
export function isFresh({ issued_at, expires_at }: SignIn, clock: Clock): boolean {
  const marginSeconds = Math.min(60, (expires_at - issued_at) / 5)
  return clock() / 1000 < expires_at - marginSeconds
}

export const isAlive = ({ expires_at }: SignIn, clock: Clock): boolean => clock() / 1000 < expires_at

import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import { CliError } from '../cli-error.ts'
import { BEARER_TOKEN, type SignIn } from './token-cache.ts'

type TokenAnswer = TokenEndpointResponse & TokenEndpointResponseHelpers

/** Assumed for an access token whose issuer does not tell its life (RFC 6749 §5.1 only recommends it). */
const UNTOLD_LIFE_SECONDS = 300

/**
 * What is kept of the issuer's answer.
 * @param former The sign-in that this answer refreshes: an issuer that does not rotate sends no new refresh token.
 * @throws CliError
 */
export function signInFrom(
  answer: TokenAnswer,
  about: { issuer: string; clientId: string },
  clock: Clock,
  former?: SignIn,
) {
  if (answer.token_type !== 'bearer' || !BEARER_TOKEN.test(answer.access_token)) {
    throw new CliError(`issuer ${about.issuer}: expected a bearer token, got something else`)
  }
  const now = Math.floor(clock() / 1000)
  const refreshToken = answer.refresh_token ?? former?.refresh_token
  const signIn: SignIn = {
    issuer: about.issuer,
    client_id: about.clientId,
    username: usernameOf(answer) ?? former?.username ?? 'unknown',
    access_token: answer.access_token,
    issued_at: now,
    expires_at: now + (answer.expiresIn() ?? UNTOLD_LIFE_SECONDS),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  }
  return signIn
}

function usernameOf(answer: TokenAnswer): string | undefined {
  const claims = answer.claims()
  if (claims === undefined) return undefined
  return typeof claims.preferred_username === 'string' ? claims.preferred_username : claims.sub
}

/** A token is replaced in the last minute of its life, or in the last fifth of a short one. */
export function isFresh({ issued_at, expires_at }: SignIn, clock: Clock): boolean {
  const marginSeconds = Math.min(60, (expires_at - issued_at) / 5)
  return clock() / 1000 < expires_at - marginSeconds
}

export const isAlive = ({ expires_at }: SignIn, clock: Clock): boolean => clock() / 1000 < expires_at

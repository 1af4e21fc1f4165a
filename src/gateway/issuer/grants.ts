import * as client from 'openid-client'
import type { Claims } from '../../shared/tokens/claims.ts'
import { Refusal } from '../errors.ts'
import type { Authentication } from '../policy/step-up.ts'
import type { Principal } from '../policy/types.ts'
import type { RefreshTokens } from '../sessions/refresh/refresher.ts'
import type { Session, Tokens } from '../sessions/session.ts'
import { authenticationClaims } from './authentication.ts'
import { claimAt, principalOf } from './claims.ts'
import type { DiscoveredIssuer, IssuerDeps } from './discovery.ts'
import { checkIdToken, type IdTokenClaims } from './id-token.ts'
import { isGrantExpired, issuerRefusal } from './issuer-errors.ts'
import { resourceParameter } from './resource.ts'
import { requireBearer } from './token-type.ts'

/** What an authorization request sent or committed to, against which its callback is checked. */
export interface AuthorizationRequest {
  readonly state: string
  readonly nonce: string
  /** PKCE code verifier (RFC 7636 §4.1). */
  readonly verifier: string
}

/** A completed sign-in, and how the user authenticated. */
export interface SignedIn extends Authentication {
  readonly principal: Principal
  readonly tokens: Tokens
  readonly sid?: string
  /** Names of the claims that the issuer sent, without their values. */
  readonly claimNames: readonly string[]
}

export interface Grants {
  /**
   * Redeems the code of a callback whose `state` was already claimed (RFC 6749 §4.1.3).
   * @param callback The public callback URL with the query of the browser's request.
   * @throws Refusal login-expired, login-failed, issuer-down
   */
  redeem(callback: URL, sent: AuthorizationRequest): Promise<SignedIn>
  /**
   * Refreshes the tokens of a session (RFC 6749 §6).
   * @throws Refusal issuer-down, login-failed: the state of the grant is unknown, and the session stays as it is
   */
  readonly refresh: RefreshTokens
}

type TokenResponse = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

export function grantsOf(deps: IssuerDeps, discovered: () => Promise<DiscoveredIssuer>): Grants {
  return {
    redeem: async (callback, sent) => redeem(deps, await discovered(), callback, sent).catch(issuerRefusal),
    async refresh(session) {
      if (session.tokens.refreshToken === undefined) return 'ended'
      const found = await discovered()
      try {
        return await refresh(deps, found, session, session.tokens.refreshToken)
      } catch (error) {
        if (isGrantExpired(error)) return 'ended'
        return issuerRefusal(error)
      }
    },
  }
}

async function redeem(
  deps: IssuerDeps,
  found: DiscoveredIssuer,
  callback: URL,
  sent: AuthorizationRequest,
): Promise<SignedIn> {
  const { issuer } = deps.config
  const maxAge = issuer.maxAgeSeconds
  const checks = {
    expectedState: sent.state,
    expectedNonce: sent.nonce,
    pkceCodeVerifier: sent.verifier,
    idTokenExpected: true,
    ...(maxAge !== undefined && { maxAge }),
  }
  const response = await client.authorizationCodeGrant(found.configuration, callback, checks, resourceParameter(issuer))
  if (response.id_token === undefined) throw new Refusal('login-failed', 'the token endpoint sent no ID token')
  requireBearer(response)
  const code = callback.searchParams.get('code') ?? undefined
  const claims = await verifiedClaims(deps, found, { ...response, id_token: response.id_token }, code)
  const withAllClaims = await withGroups(deps, found, claims, response.access_token)
  return {
    principal: principalOf(withAllClaims, issuer, deps.log),
    tokens: tokensOf(response, response.id_token, deps.clock()),
    claimNames: Object.keys(withAllClaims),
    ...(typeof claims.sid === 'string' && claims.sid !== '' && { sid: claims.sid }),
    ...authenticationClaims(claims, deps.clock(), issuer.clockSkewSeconds),
  }
}

async function refresh(deps: IssuerDeps, found: DiscoveredIssuer, session: Session, refreshToken: string) {
  const response = await client.refreshTokenGrant(
    found.configuration,
    refreshToken,
    resourceParameter(deps.config.issuer),
  )
  requireBearer(response)
  const { id_token } = response
  const claims = id_token ? await verifiedClaims(deps, found, { ...response, id_token }) : undefined
  if (claims && claims.sub !== session.principal.subject) {
    throw new Refusal('login-failed', 'refresh: the new ID token is about another subject')
  }
  return {
    principal: await refreshedPrincipal(deps, found, session, claims, response.access_token),
    tokens: {
      refreshToken, // kept unless the response rotates it
      ...tokensOf(response, response.id_token ?? session.tokens.idToken, deps.clock()),
    },
    losesAcr: claims?.acr !== undefined && claims.acr !== session.acr,
  }
}

/** Each refresh updates the groups: from the new ID token, else from userinfo (OIDC Core §12.2). */
async function refreshedPrincipal(
  deps: IssuerDeps,
  found: DiscoveredIssuer,
  { principal }: Session,
  claims: IdTokenClaims | undefined,
  accessToken: string,
): Promise<Principal> {
  const { issuer, subject } = principal
  if (claims !== undefined) {
    return principalOf(await withGroups(deps, found, claims, accessToken), deps.config.issuer, deps.log)
  }
  const info = await userInfo(deps, found, subject, accessToken)
  return info === undefined
    ? principal
    : principalOf({ ...info, iss: issuer, sub: subject }, deps.config.issuer, deps.log)
}

async function verifiedClaims(
  { config, clock }: IssuerDeps,
  { keys }: DiscoveredIssuer,
  { id_token, access_token: accessToken }: { readonly id_token: string; readonly access_token: string },
  code?: string,
): Promise<IdTokenClaims> {
  return checkIdToken(id_token, { issuer: config.issuer, keys, now: clock(), accessToken, code })
}

/** Claims of the ID token, completed from userinfo when the groups claim is absent. The ID token wins. */
async function withGroups(
  deps: IssuerDeps,
  found: DiscoveredIssuer,
  claims: IdTokenClaims,
  accessToken: string,
): Promise<Claims> {
  const { groups, groupsClaim } = deps.config.issuer
  if (claimAt(claims, groups.claim ?? groupsClaim) !== undefined) return claims
  const info = await userInfo(deps, found, claims.sub, accessToken).catch(noGroupsIfRefused(deps))
  return { ...info, ...claims }
}

/**
 * Issuers refuse an access token at userinfo that is meant for an API only (RFC 8707 §2). Without a groups claim the
 * principal then has no groups; an issuer that does not respond is still an outage.
 */
const noGroupsIfRefused =
  ({ log }: IssuerDeps) =>
  (error: unknown): undefined => {
    if (!(error instanceof client.WWWAuthenticateChallengeError)) throw error
    log.warn({ event: 'userinfo-refused' }, 'userinfo refuses the access token; the principal has no groups')
  }

/** Userinfo about `subject`; a response about another subject is discarded (OIDC Core §5.3.2). */
async function userInfo(
  { log }: IssuerDeps,
  { configuration, metadata }: DiscoveredIssuer,
  subject: string,
  accessToken: string,
): Promise<Claims | undefined> {
  if (metadata.userinfo_endpoint === undefined) return undefined
  // Without openid-client's own comparison, which would make a wrong subject look like an outage.
  const info = await client.fetchUserInfo(configuration, accessToken, client.skipSubjectCheck)
  if (info.sub === subject) return info
  log.warn({ event: 'userinfo-refused' }, 'userinfo discarded: it is about another subject')
  return undefined
}

function tokensOf(response: TokenResponse, idToken: string, now: number): Tokens {
  const seconds = response.expires_in ?? Math.max((response.claims()?.exp ?? 0) - now / 1000, 0)
  return {
    accessToken: response.access_token,
    accessExpiresAt: now + seconds * 1000,
    idToken,
    ...(response.refresh_token !== undefined && { refreshToken: response.refresh_token }),
  }
}

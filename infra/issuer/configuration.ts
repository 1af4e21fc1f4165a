import { type Configuration, interactionPolicy, type KoaContextWithOIDC, type UnknownObject } from 'oidc-provider'
import { certificateEndpoints, clientCertificates } from './client-certificates.ts'
import { SERVICE_GROUPS } from './clients.ts'
import type { Keys } from './keys.ts'
import { devicePages, errorPage, logoutPage, signedOutPage } from './pages.ts'
import type { Storage } from './storage.ts'
import { type Directory, groupClaims, type IssuerUser } from './users.ts'

/** Lifetimes in seconds, which tests can change while the issuer runs. */
export interface Lifetimes {
  accessTokenSeconds: number
  refreshTokenSeconds: number
}

export interface ConfigurationParts {
  readonly keys: Keys
  readonly directory: Directory
  readonly storage: Storage
  readonly lifetimes: Lifetimes
  readonly accessTokens: 'jwt' | 'opaque'
  readonly rotateRefreshTokens: boolean
  /** Origin of the endpoints for client certificates. Absent: there are none. */
  readonly mtlsOrigin?: string
  readonly levels: readonly string[]
}

const CLIENT_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const

/** The API for which access tokens are issued, unless a request names another resource (RFC 8707). */
const API = 'urn:modelops:gateway'
const AUDIENCE = 'gateway'

export function configuration(parts: ConfigurationParts): Configuration {
  const { keys, directory, storage, rotateRefreshTokens } = parts
  return {
    adapter: storage.adapter,
    jwks: { keys: [...keys.signing] },
    ...(parts.mtlsOrigin !== undefined && { clientAuthMethods: [...CLIENT_METHODS, 'tls_client_auth'] }),
    cookies: { keys: [...keys.cookies], long: { sameSite: 'none' } },
    enableHttpPostMethods: true, // logout by POST: a large id_token_hint does not fit into a URL
    conformIdTokenClaims: false, // all claims in the ID token, as most issuers do
    claims: {
      openid: ['sub', 'groups', 'project_ids'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    pkce: { required: (_ctx, client) => client.redirectUris !== undefined && client.redirectUris.length > 0 },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: rotateRefreshTokens,
    acrValues: [...parts.levels],
    extraTokenClaims: async (ctx, token) => ({
      ...tokenClaims(directory, token),
      ...(parts.levels.length > 0 && authenticationOf(ctx)),
    }),
    findAccount: async (_ctx, subject) => account(directory.bySubject(subject)),
    loadExistingGrant: grantEverything,
    interactions: { policy: loginOnly(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    renderError: errorPage,
    ttl: lifetimes(parts.lifetimes),
    ...(parts.mtlsOrigin !== undefined && { discovery: certificateEndpoints(parts.mtlsOrigin) }),
    features: features(parts),
    // The gateway's back channel is on loopback, to which the library's dispatcher does not connect.
    fetch: (url, { method, headers, body, signal } = {}) =>
      fetch(url, { method: method ?? 'GET', headers: headers ?? {}, body: body ?? null, signal: signal ?? null }),
  }
}

function features({
  accessTokens,
  lifetimes: { accessTokenSeconds },
  mtlsOrigin,
}: ConfigurationParts): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    ...(mtlsOrigin !== undefined && { mTLS: clientCertificates }),
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    deviceFlow: { enabled: true, ...devicePages },
    // The library rejects a token for the API at userinfo (RFC 8707 §2), so userinfo is not offered.
    userinfo: { enabled: accessTokens === 'opaque' },
    introspection: { enabled: true, allowedPolicy: async (_ctx, client) => client.clientAuthMethod !== 'none' },
    revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: { enabled: true, logoutSource: logoutPage, postLogoutSuccessSource: signedOutPage },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => (accessTokens === 'jwt' ? API : []),
      useGrantedResource: async () => true,
      getResourceServerInfo: async (_ctx, resource) => ({
        scope: 'openid offline_access profile email',
        audience: resource === API ? AUDIENCE : resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: accessTokenSeconds,
      }),
    },
  }
}

function lifetimes(current: Lifetimes): Configuration['ttl'] {
  return {
    AccessToken: () => current.accessTokenSeconds,
    ClientCredentials: () => current.accessTokenSeconds,
    RefreshToken: () => current.refreshTokenSeconds,
    DeviceCode: 600,
    Grant: 86_400,
    IdToken: 3600,
    Interaction: 3600,
    Session: 86_400,
  }
}

function userClaims(user: IssuerUser) {
  return {
    name: user.name,
    preferred_username: user.username,
    email: `${user.username}@o.example`,
    email_verified: true,
    ...groupClaims(user.groups),
  }
}

function account(user: IssuerUser | undefined) {
  if (user === undefined) return undefined
  return { accountId: user.subject, claims: async () => ({ sub: user.subject, ...userClaims(user) }) }
}

function tokenClaims(
  directory: Directory,
  token: { kind: string; clientId?: string | undefined; accountId?: string },
): UnknownObject {
  const user = token.accountId === undefined ? undefined : directory.bySubject(token.accountId)
  if (user !== undefined) return userClaims(user)
  const client = token.clientId ?? ''
  return { preferred_username: `service-account-${client}`, ...groupClaims(SERVICE_GROUPS[client] ?? []) }
}

/** Those of the sign-in that a token derives from, however often it was refreshed (RFC 9068 §2.2.1). */
function authenticationOf({ oidc }: KoaContextWithOIDC): UnknownObject {
  const source = oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken
  return source === undefined ? {} : { acr: source.acr, auth_time: source.authTime }
}

/** Asks once more for a level that the session does not have; whoever does not reach it then signs in all the same. */
const level = new interactionPolicy.Check('acr_values', 'another level was requested', ({ oidc }) => {
  const requested = typeof oidc.params?.acr_values === 'string' ? oidc.params.acr_values.split(' ') : []
  const isReached = requested.length === 0 || requested.includes(oidc.session?.acr ?? '')
  return isReached || oidc.result?.login
    ? interactionPolicy.Check.NO_NEED_TO_PROMPT
    : interactionPolicy.Check.REQUEST_PROMPT
})

/** First-party applications need no consent. */
function loginOnly() {
  const policy = interactionPolicy.base()
  policy.remove('consent')
  policy.get('login')?.checks.add(level)
  return policy
}

async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider } = ctx.oidc
  if (client === undefined || session?.accountId === undefined) return undefined
  const grantId = session.grantIdFor(client.clientId)
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  if (known !== undefined) return known
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid offline_access profile email')
  for (const resource of [API, ...Object.keys(ctx.oidc.resourceServers ?? {})])
    grant.addResourceScope(resource, 'openid offline_access profile email')
  await grant.save()
  return grant
}

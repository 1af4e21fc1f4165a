import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import * as z from 'zod'

/** Longest wait for keys or a discovery document, in milliseconds. */
const TIMEOUT_MS = 5000
/** Shortest time between two fetches because of an unknown key ID, in milliseconds. */
const COOLDOWN_MS = 30_000
/** How long fetched keys are used, in milliseconds. */
const CACHE_MS = 600_000

export function remoteKeys(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MS,
  })
}

const discoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

/**
 * The keys of an issuer, found through its discovery document when they are first needed. After a failure the next token
 * tries again. A document that names another issuer is rejected (OIDC Discovery §4.3).
 */
export function issuerKeys(issuer: string): JWTVerifyGetKey {
  let discovery: Promise<JWTVerifyGetKey> | undefined
  return async (header, token) => {
    discovery ??= discoverKeys(issuer)
    const keys = await discovery.catch((error: unknown) => {
      discovery = undefined
      throw error
    })
    return keys(header, token)
  }
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
  if (!response.ok) throw new Error(`discovery responded with ${response.status}`)
  const document = discoveryDocument.parse(await response.json())
  if (document.issuer !== issuer) throw new Error('the discovery document names another issuer')
  return remoteKeys(document.jwks_uri)
}

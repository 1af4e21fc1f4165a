import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'

/** Longest wait for keys or a discovery document, milliseconds. */
const TIMEOUT = 5000
/** An unknown key id asks again at most this often, whatever arrives (milliseconds). */
const COOLDOWN = 30_000
const KEPT = 600_000

export function remoteKeys(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT,
    cooldownDuration: COOLDOWN,
    cacheMaxAge: KEPT,
  })
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

/**
 * Keys of an issuer, found through its discovery document when they are first needed. A document that cannot be had is
 * asked for again with the next token; one that names another issuer is refused (OIDC Discovery §4.3).
 */
export function issuerKeys(issuer: string): JWTVerifyGetKey {
  let found: Promise<JWTVerifyGetKey> | undefined
  const find = async () => {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' })
    if (!response.ok) throw new Error(`discovery answered ${response.status}`)
    const document = discovery.parse(await response.json())
    if (document.issuer !== issuer) throw new Error('discovery names another issuer')
    return remoteKeys(document.jwks_uri)
  }
  return async (header, token) => {
    found ??= find()
    const keys = await found.catch((error: unknown) => {
      found = undefined
      throw error
    })
    return keys(header, token)
  }
}

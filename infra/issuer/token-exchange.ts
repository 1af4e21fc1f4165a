import { createLocalJWKSet, type JWK, jwtVerify, SignJWT } from 'jose'
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'

export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const PARAMETERS = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope']
/** Lifetime of exchanged tokens, in seconds. */
const SECONDS = 600

export interface ExchangeHooks {
  /** Runs before each exchange. */
  readonly before: () => Promise<void> | void
}

/**
 * Token exchange (RFC 8693) for any audience except `forbidden`: the library authenticates the client and has no such grant
 * of its own.
 */
export function allowTokenExchange(provider: Provider, key: JWK, hooks: ExchangeHooks): void {
  const { kty, n, e, kid, alg } = key
  const keys = createLocalJWKSet({ keys: [{ kty, n, e, kid, alg } as JWK] })

  async function exchange(ctx: KoaContextWithOIDC): Promise<void> {
    await hooks.before()
    const { audience, subject_token: token, subject_token_type: type } = ctx.oidc.params ?? {}
    if (type !== ACCESS_TOKEN || typeof token !== 'string' || typeof audience !== 'string')
      throw new errors.InvalidRequest('subject_token, subject_token_type and audience are required')
    if (audience === 'forbidden') throw new errors.InvalidTarget(`audience not available: ${audience}`)
    const verified = await jwtVerify(token, keys, { issuer: provider.issuer }).catch(() => undefined)
    if (verified === undefined) throw new errors.InvalidGrant('subject_token is not valid')
    const { sub = '', preferred_username } = verified.payload
    const access_token = await new SignJWT({ sub, preferred_username, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'RS256', kid: String(kid), typ: 'at+jwt' })
      .setIssuer(provider.issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${SECONDS} s`)
      .sign(key)
    ctx.body = { access_token, token_type: 'Bearer', issued_token_type: ACCESS_TOKEN, expires_in: SECONDS }
  }

  provider.registerGrantType(EXCHANGE_GRANT, (ctx) => exchange(ctx), PARAMETERS)
}

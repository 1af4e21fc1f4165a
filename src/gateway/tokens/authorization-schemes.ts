import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { VerifyAuthorization } from './authenticate.ts'
import type { BridgeBasic } from './basic/basic-bridge.ts'
import { isBasic, parseBasic } from './basic/basic-credentials.ts'
import { wrongCredentials } from './basic/client-token.ts'
import { checkRouteAudience } from './bearer/route-audience.ts'
import type { VerifyBearer } from './bearer/verify-bearer.ts'
import type { VerifyProof } from './proof/verify-proof.ts'

const TOKEN = /^(Bearer|DPoP) +([\x21-\x7e]+)$/i

export interface SchemesDeps {
  readonly verifyBearer: VerifyBearer
  readonly bridgeBasic: BridgeBasic
  readonly proof: VerifyProof
  readonly server: Pick<Config['server'], 'publicUrl'>
}

/**
 * Verifies an `Authorization` header (RFC 9110 §11.6.2): Bearer and, if it is on, DPoP on every route, Basic where the
 * route accepts it. Any other scheme is refused with 401.
 */
export function buildVerifySchemes({ verifyBearer, bridgeBasic, proof, server }: SchemesDeps): VerifyAuthorization {
  return async (header, { route, clientAddress, request, isReauthorization = false }) => {
    if (isBasic(header) && route?.config.basicCredentials === true) {
      const credentials = parseBasic(header)
      if (credentials === undefined) throw wrongCredentials('expected base64 of client_id:client_secret in UTF-8')
      return bridgeBasic(credentials, clientAddress)
    }
    const [, name, token] = TOKEN.exec(header) ?? []
    const scheme = name?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer'
    if (token === undefined || (scheme === 'dpop' && !proof.acceptsDpop)) {
      throw new Refusal('token-invalid', 'Authorization is not a bearer token', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    const { principal, confirmation, forRoutes } = await verifyBearer(token, clientAddress)
    if (forRoutes !== undefined) checkRouteAudience(forRoutes, route, server)
    if (!proof.concerns({ scheme, confirmation })) return { principal, via: 'bearer', token }
    await proof.verify({ scheme, token, confirmation, request, isReauthorization })
    return { principal, via: 'bearer', token, ...(confirmation && { isBound: true }) }
  }
}

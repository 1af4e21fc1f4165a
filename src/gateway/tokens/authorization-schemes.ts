import { Refusal } from '../errors.ts'
import type { VerifyAuthorization } from './authenticate.ts'
import type { BridgeBasic } from './basic/basic-bridge.ts'
import { isBasic, parseBasic } from './basic/basic-credentials.ts'
import { wrongCredentials } from './basic/client-token.ts'
import type { VerifyBearer } from './bearer/verify-bearer.ts'

const BEARER = /^Bearer +([\x21-\x7e]+)$/i

/** The token of an `Authorization` header of the Bearer scheme; undefined for any other. */
const bearerTokenOf = (header: string): string | undefined => BEARER.exec(header)?.[1]

/**
 * Verifies an `Authorization` header (RFC 9110 §11.6.2): Bearer on every route, Basic where the route accepts it. Any
 * other scheme is refused with 401.
 */
export function buildVerifySchemes(verifyBearer: VerifyBearer, bridgeBasic: BridgeBasic): VerifyAuthorization {
  return async (header, { route, clientAddress }) => {
    if (isBasic(header) && route?.config.basicCredentials === true) {
      const credentials = parseBasic(header)
      if (credentials === undefined) throw wrongCredentials('expected base64 of client_id:client_secret in UTF-8')
      return bridgeBasic(credentials, clientAddress)
    }
    const token = bearerTokenOf(header)
    if (token === undefined) {
      throw new Refusal('token-invalid', 'Authorization is not a bearer token', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    return { principal: await verifyBearer(token, clientAddress), via: 'bearer', token }
  }
}

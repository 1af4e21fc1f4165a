import { Refusal } from '../errors.ts'
import type { VerifyAuthorization } from './authenticate.ts'
import type { VerifyBearer } from './bearer.ts'

const BEARER = /^Bearer +([\x21-\x7e]+)$/i

/** Reads an `Authorization` header (RFC 9110 §11.6.2). A scheme that is not taken here is nobody's identity: 401. */
export function buildVerifyAuthorization(verifyBearer: VerifyBearer): VerifyAuthorization {
  return async (header) => {
    const token = BEARER.exec(header)?.[1]
    if (token === undefined) {
      throw new Refusal('token-invalid', 'Authorization is not a bearer token', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    return { principal: await verifyBearer(token), via: 'bearer', token }
  }
}

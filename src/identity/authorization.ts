import { Refusal } from '../errors.ts'
import type { VerifyAuthorization } from './authenticate.ts'
import type { VerifyBearer } from './bearer.ts'

const BEARER = /^Bearer +([\x21-\x7e]+)$/i

/** The token of an `Authorization` header of the Bearer scheme; undefined for any other. */
export const bearerTokenOf = (header: string): string | undefined => BEARER.exec(header)?.[1]

/** Reads an `Authorization` header (RFC 9110 §11.6.2). A scheme that is not taken here is nobody's identity: 401. */
export function buildVerifyAuthorization(verifyBearer: VerifyBearer): VerifyAuthorization {
  return async (header) => {
    const token = bearerTokenOf(header)
    if (token === undefined) {
      throw new Refusal('token-invalid', 'Authorization is not a bearer token', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    return { principal: await verifyBearer(token), via: 'bearer', token }
  }
}

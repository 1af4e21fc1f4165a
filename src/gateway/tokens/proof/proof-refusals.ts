import { Refusal } from '../../errors.ts'

/**
 * The refusal of a DPoP proof (RFC 9449 §7.1).
 * @param detail for the log; contains neither token nor proof
 * @param explain for the client
 */
export const invalidProof = (detail: string, explain: string): Refusal =>
  new Refusal('proof-invalid', `DPoP proof: ${detail}`, {
    explain,
    headers: { 'WWW-Authenticate': 'DPoP error="invalid_dpop_proof"' },
  })

/** Asks for a proof with the nonce of the gateway (RFC 9449 §9). The client repeats the request. */
export const nonceRequired = (nonce: string): Refusal =>
  new Refusal('proof-nonce-required', 'DPoP proof: without a current nonce', {
    headers: { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': nonce },
  })

/**
 * The refusal of a token that is presented in another way than the one it was issued for (RFC 9449 §7.2).
 * @param scheme the one that the client should use
 */
export const wrongUse = (detail: string, explain: string, scheme: 'Bearer' | 'DPoP'): Refusal =>
  new Refusal('token-invalid', detail, { explain, headers: { 'WWW-Authenticate': `${scheme} error="invalid_token"` } })

/** The refusal of a request without the certificate that its token is bound to (RFC 8705 §3). */
export const wrongCertificate = (detail: string, explain: string): Refusal =>
  new Refusal('proof-invalid', `client certificate: ${detail}`, {
    explain,
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  })

import { decodeJwt, type JWTPayload } from 'jose'
import { ClientCredentialError, type ClientFile, readClientFile } from './client-file.ts'

const EXPECTED = 'a file with a JWT that has not expired'

/**
 * A JWT that somebody else writes and renews, such as a projected service-account token of Kubernetes or a SPIFFE
 * JWT-SVID (RFC 7523 §2.2). Its signature is for the issuer to verify; what is visible without it is checked here.
 * @param now Milliseconds since the epoch.
 * @throws ClientCredentialError
 */
export async function readAssertion(file: ClientFile, now: number): Promise<string> {
  const fail = (got: string, hint: string) =>
    new ClientCredentialError(file.key, { expected: EXPECTED, got: `${file.path}: ${got}`, hint })
  const text = await readClientFile(file, EXPECTED)
  const claims = claimsIn(text)
  if (claims === undefined) throw fail('something that is not a JWT', 'Check what writes this file.')
  const { exp } = claims
  if (typeof exp !== 'number')
    throw fail('a JWT without `exp`', 'Use a token that expires: issuers reject others (RFC 7523 §3).')
  if (exp * 1000 > now) return text
  const ago = Math.ceil((now - exp * 1000) / 1000)
  const hint = 'Check what renews this file, and the clock of this machine.'
  throw fail(`a JWT that expired ${ago} seconds ago`, hint)
}

/** Three parts of base64url: anything else does not go out, whatever a decoder would tolerate. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

function claimsIn(text: string): JWTPayload | undefined {
  if (!COMPACT.test(text)) return undefined
  try {
    return decodeJwt(text)
  } catch {
    return undefined
  }
}

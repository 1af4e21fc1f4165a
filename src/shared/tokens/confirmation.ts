import type { Claims } from './claims.ts'
import { TokenRejected } from './token-rejected.ts'

/** The key that a token is bound to: whoever presents the token must prove that they have it (RFC 7800 §3.1). */
export interface Confirmation {
  /** SHA-256 thumbprint of the public key that signs DPoP proofs (`jkt`, RFC 9449 §6.1). */
  readonly jkt?: string
  /** SHA-256 thumbprint of the client's certificate (`x5t#S256`, RFC 8705 §3.1). */
  readonly certificate?: string
}

/** A SHA-256 hash in base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/
const MEMBERS = new Map<string, keyof Confirmation>([
  ['jkt', 'jkt'],
  ['x5t#S256', 'certificate'],
])

/**
 * The `cnf` claim of a token; undefined: it has none and is a bearer token. A method that is not known cannot be
 * verified, so the token is refused: as a bearer token it would be worth more than its issuer wanted.
 * @throws TokenRejected
 */
export function confirmationOf(claims: Claims): Confirmation | undefined {
  const { cnf } = claims
  if (cnf === undefined) return undefined
  if (cnf === null || typeof cnf !== 'object' || Array.isArray(cnf)) throw new TokenRejected('cnf: expected an object')
  const entries = Object.entries(cnf)
  if (entries.length === 0) throw new TokenRejected('cnf: names no confirmation method')
  const confirmation: { -readonly [K in keyof Confirmation]: string } = {}
  for (const [name, value] of entries) {
    if (isKeycloaksNote(name, value, cnf)) continue
    const member = MEMBERS.get(name)
    if (member === undefined) throw new TokenRejected('cnf: a confirmation method that is not supported')
    if (typeof value !== 'string' || !THUMBPRINT.test(value))
      throw new TokenRejected(`cnf: expected ${name} as a SHA-256 hash in base64url`)
    confirmation[member] = value
  }
  return confirmation
}

/** Keycloak says beside `jkt` what the key is for. Any other purpose than DPoP would need another proof. */
const isKeycloaksNote = (name: string, value: unknown, cnf: object) =>
  name === 'kc-jkt-type' && value === 'DPoP' && Object.hasOwn(cnf, 'jkt')

/** Whether the claims say that the token is bound to a DPoP key. */
export const isDpopBound = ({ cnf }: Claims): boolean =>
  typeof cnf === 'object' && cnf !== null && typeof Reflect.get(cnf, 'jkt') === 'string'

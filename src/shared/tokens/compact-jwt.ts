import type { Claims } from './claims.ts'
import { hasRepeatedMember } from './repeated-members.ts'
import { TokenRejected } from './token-rejected.ts'

/** The parts of a token. Nothing of them is verified. */
export interface UnverifiedJwt {
  readonly header: Claims
  readonly claims: Claims
}

const COMPACT = /^([\w-]+)\.([\w-]+)\.[\w-]+$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Whether a token has the shape of a signed JWT: three parts. A JWE has five, an opaque token any other number. */
export const isCompactJws = (token: string): boolean => COMPACT.test(token)

/**
 * Parses a JWT strictly: compact serialization (RFC 7515 §7.1), UTF-8, objects without repeated members, and no header
 * that changes how the rest is read (`crit`, RFC 7515 §4.1.11; `b64`, RFC 7797; `zip`, which is for encrypted tokens).
 * @throws TokenRejected
 */
export function parseCompactJwt(token: string): UnverifiedJwt {
  const [, header = '', claims = ''] = COMPACT.exec(token) ?? []
  if (header === '') throw new TokenRejected('not a compact JWS')
  const parsed = { header: parseObject(header, 'header'), claims: parseObject(claims, 'claims') }
  for (const name of ['crit', 'b64', 'zip']) {
    if (Object.hasOwn(parsed.header, name)) throw new TokenRejected(`header: ${name} is not understood`)
  }
  return parsed
}

function parseObject(part: string, where: string): Claims {
  let text: string
  let value: unknown
  const bytes = Buffer.from(part, 'base64url')
  // Other decoders refuse what this one leaves out: a character too many, bits after the last byte (RFC 4648 §3.5).
  if (bytes.toString('base64url') !== part) throw new TokenRejected(`${where}: expected base64url`)
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw new TokenRejected(`${where}: expected JSON in UTF-8`)
  }
  if (!isObject(value)) throw new TokenRejected(`${where}: expected an object`)
  if (hasRepeatedMember(text)) throw new TokenRejected(`${where}: a member is named twice`)
  return value
}

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The ID and the secret of a client, as the request contains them. */
export interface BasicCredentials {
  readonly clientId: string
  readonly secret: string
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Whether a header has the Basic scheme, well-formed or not. */
export const isBasic = (header: string): boolean => /^Basic( |$)/i.test(header)

/**
 * Parses `Authorization: Basic` (RFC 7617): UTF-8, the first colon ends the client ID. Nothing is percent-decoded: that
 * belongs to a token endpoint (RFC 6749 §2.3.1), and the clients that send this header do not encode.
 * @returns undefined unless both parts are printable and not empty
 */
export function parseBasic(header: string): BasicCredentials | undefined {
  const [, encoded = ''] = BASIC.exec(header) ?? []
  let text: string
  try {
    text = utf8.decode(Buffer.from(encoded, 'base64'))
  } catch {
    return undefined
  }
  const colon = text.indexOf(':')
  if (colon < 1 || colon === text.length - 1 || /[\x00-\x1f\x7f]/.test(text)) return undefined
  return { clientId: text.slice(0, colon), secret: text.slice(colon + 1) }
}

import type { RequestHead } from '../../http/request-head.ts'

/**
 * The URL of a request as its client wrote it, for the comparison with `htu`. The host has been checked: it is one of the
 * gateway, and the target is in its plain form or was rejected.
 * @param scheme of the public URL, without the colon; TLS ends at the proxy in front
 */
export const requestUrl = (
  scheme: string,
  { host, target }: Pick<RequestHead, 'host' | 'target'>,
): string | undefined => normalUrl(`${scheme}://${host}${target}`)

/**
 * An http URL without query and fragment (RFC 9449 §4.3), after syntax-based and scheme-based normalization (RFC 3986
 * §6.2.2, §6.2.3): lower-case scheme and host, no default port, no dot segments, and percent-encoding in capital letters
 * where it is needed, and nowhere else.
 * @returns undefined for anything else, and for a URL with a user name
 */
export function normalUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase()
  })
  return `${url.protocol}//${url.host.replace(/\.(?=:|$)/, '')}${path}`
}

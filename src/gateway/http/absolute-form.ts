import type { IncomingMessage } from 'node:http'

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is

/**
 * Brings a target in absolute-form into the one form that everything reads. The host it names counts, and the `Host`
 * field does not (RFC 9112 §3.2.2); whether that host is ours is judged like any other. Its scheme says nothing.
 */
export function toOriginForm(request: IncomingMessage): void {
  const match = ABSOLUTE.exec(request.url ?? '')
  if (!match) return
  const [, authority = '', rest = ''] = match
  request.headers.host = authority
  request.url = rest.startsWith('/') ? rest : `/${rest}`
}

import { connect } from 'node:http2'
import type { CaddySite } from './site.ts'

/** Headers that HTTP/2 expresses in another way, or not at all (RFC 9113 §8.2.2). */
const NOT_IN_HTTP2 =
  /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|content-length|http2-settings)$/

/** The request of a case in HTTP/2. Undefined for a case about the bytes of HTTP/1.1. */
export function asHttp2(request: string, host: string): Record<string, string | string[]> | undefined {
  const [line = '', ...fields] = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n')
  const [method = '', target = '', version] = line.split(' ')
  if (version !== 'HTTP/1.1' || !target.startsWith('/')) return undefined
  const headers: Record<string, string[]> = {}
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    if (colon < 1 || NOT_IN_HTTP2.test(name)) return undefined
    headers[name] = [...(headers[name] ?? []), field.slice(colon + 1).trim()]
  }
  const { host: hosts = [], ...rest } = headers
  if (hosts.length !== 1 || hosts[0] !== host) return undefined
  const flat = Object.entries(rest).map(([name, values]) => [name, values.length === 1 ? values[0] : values] as const)
  return {
    ':method': method,
    ':path': target,
    ':authority': host,
    ...(Object.fromEntries(flat) as Record<string, string>),
  }
}

/** The status of the response. 0: the stream was reset. Undefined: Node's own client does not send such a request. */
export function sendHttp2(
  { port, ca }: CaddySite,
  headers: Record<string, string | string[]>,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const client = connect(`https://127.0.0.1:${port}`, { ca, servername: 'o.localhost' })
    const done = (status: number | undefined) => {
      client.destroy()
      resolve(status)
    }
    client.once('error', () => done(0))
    try {
      const stream = client.request(headers)
      stream.once('response', (responseHeaders) => done(Number(responseHeaders[':status'])))
      stream.once('error', () => done(0))
      stream.once('close', () => done(0))
      stream.setTimeout(5000, () => done(0))
      stream.end()
    } catch {
      done(undefined)
    }
  })
}

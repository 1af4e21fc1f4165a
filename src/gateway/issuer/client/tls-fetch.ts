import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import type { ClientCertificate } from './client-certificate.ts'

/**
 * `fetch` with a client certificate, which Node's own cannot present. Each request has a connection of its own: a renewed
 * certificate counts at once, and no request of anybody else travels on a connection that is the gateway's.
 * Redirects are not followed.
 * @throws TypeError, as `fetch`: no response, or no TLS connection
 */
export function tlsFetch(
  url: string,
  { method = 'GET', headers, body, signal }: RequestInit,
  { cert, key }: ClientCertificate,
): Promise<Response> {
  const payload = body === null || body === undefined ? undefined : String(body)
  return new Promise((resolve, reject) => {
    const options = {
      ...{ method, cert, key, agent: false, minVersion: 'TLSv1.2' as const },
      headers: { ...Object.fromEntries(new Headers(headers)), ...lengthOf(payload) },
      ...(signal && { signal }),
    }
    const sent = requestHttps(url, options, (response) => {
      const { statusCode: status = 0, rawHeaders } = response
      const received = new Headers()
      for (let at = 0; at + 1 < rawHeaders.length; at += 2)
        received.append(rawHeaders[at] as string, rawHeaders[at + 1] as string)
      const hasBody = status !== 204 && status !== 304
      if (!hasBody) response.resume()
      resolve(
        new Response(hasBody ? (Readable.toWeb(response) as ReadableStream) : null, { status, headers: received }),
      )
    })
    sent.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        signal?.aborted
          ? signal.reason
          : new TypeError(`no response over TLS (${cause.code ?? cause.name})`, { cause }),
      )
    })
    sent.end(payload)
  })
}

const lengthOf = (payload: string | undefined) =>
  payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }

import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

export interface HttpRequest {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** Longest time until the whole response has arrived, in milliseconds. */
  readonly timeoutMs: number
  /** Client certificate and its key, for https: PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
}

/** A whole response. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/**
 * One request on a connection of its own, for servers that operators choose freely: `fetch` refuses some ports, such as
 * 6000, and a GET with a body. Redirects are not followed.
 * @throws Error no connection, or no whole response in time
 */
export function httpRequest(url: string, request: HttpRequest): Promise<HttpResponse> {
  const { method, headers, body, timeoutMs, clientCertificate } = request
  const open = url.startsWith('https:') ? requestHttps : requestHttp
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { method, headers: { ...headers, ...length }, agent: false, signal, ...clientCertificate }
  return new Promise((resolve, reject) => {
    const sent = open(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      const { statusCode: status = 0, headers } = response
      response.on('end', () => resolve({ status, headers, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', (error) => reject(withMessage(error)))
    sent.end(body)
  })
}

/** The failure of a host with several addresses has a code and an empty message. */
export function withMessage(error: NodeJS.ErrnoException): Error {
  return error.message === '' ? new Error(error.code ?? error.name, { cause: error }) : error
}

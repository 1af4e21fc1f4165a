import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { globalAgent, Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { withMessage } from '../../shared/http-request.ts'
import { readBounded } from '../../shared/read-bounded.ts'
import type { ClientCertificate } from './client/client-certificate.ts'

/** What of {@link RequestInit} counts. A body is text or `URLSearchParams`, and its type is in the headers. */
export interface IssuerRequestInit extends Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'> {
  /**
   * Presented to the issuer, which must have https. The connection serves this request alone: a renewed certificate counts
   * at once, and no request of anybody else travels on a connection that is the gateway's.
   */
  readonly clientCertificate?: ClientCertificate
}

/** How openid-client and jose send their requests. */
export type IssuerFetch = (url: string, options: IssuerRequestInit) => Promise<Response>

/** Longest response of an issuer, in bytes before and after decompression: ID tokens with thousands of groups fit. */
const MAX_RESPONSE_BYTES = 1_048_576

/** Some servers reject a request without these. */
const OWN_HEADERS = { accept: '*/*', 'accept-encoding': 'gzip', 'user-agent': 'modelops-gateway' }

/**
 * How long a connection without a request stays open, in milliseconds. Many servers close it after five seconds, and a
 * code or a refresh token that is sent at that moment would be lost.
 */
const IDLE_MS = 4000
/** The environment, if `NODE_USE_ENV_PROXY` says that it names a proxy. */
const { proxyEnv } = globalAgent.options
const kept = { keepAlive: true, timeout: IDLE_MS, ...(proxyEnv && { proxyEnv }) }
const [agent, tlsAgent] = [new HttpAgent(kept), new HttpsAgent(kept)]

/** Responses that have no body (Fetch Standard §2.2.3). */
const WITHOUT_BODY = [204, 205, 304]

/**
 * `fetch` for requests to issuers. Node's own cannot present a client certificate, and takes more memory. Redirects are
 * not followed. The body is read here for the libraries, which read whole bodies into memory: one longer
 * than {@link MAX_RESPONSE_BYTES} fails, and a compressed one may be a thousand times as long as what was sent.
 * @throws TypeError, as `fetch`: no response
 */
export const issuerFetch: IssuerFetch = async (url, options) => {
  const received = await send(url, options)
  const { statusCode: status = 0, rawHeaders } = received
  if (status < 200 || status > 599) {
    received.destroy()
    throw new TypeError('response not read', { cause: new Error(`its status is ${status}`) })
  }
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string)
  const body = await readBody(received, options.signal).catch(failing)
  return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers })
}

async function send(
  url: string,
  { method = 'GET', headers, body, signal, clientCertificate }: IssuerRequestInit,
): Promise<IncomingMessage> {
  const { protocol, username, password } = new URL(url)
  if (username !== '' || password !== '') throw noResponse(new Error('expected a URL without credentials'))
  const [open, pool] = protocol === 'http:' && !clientCertificate ? [requestHttp, agent] : [requestHttps, tlsAgent]
  const options = {
    ...{ method, agent: pool, ...(signal && { signal }) },
    headers: { ...OWN_HEADERS, ...Object.fromEntries(new Headers(headers)) },
    ...(clientCertificate && { ...clientCertificate, agent: false, minVersion: 'TLSv1.2' as const }),
  }
  return new Promise((resolve, reject) => {
    // A request that has no connection yet, because a proxy does not respond, is not told that it is aborted.
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const sent = open(url, options, resolve)
    const fail = (cause: NodeJS.ErrnoException) => reject(signal?.aborted ? signal.reason : noResponse(cause))
    sent.on('error', fail)
    sent.on('close', () => {
      signal?.removeEventListener('abort', abort)
      // Without an error, because nobody wants to upgrade: a response with status 101.
      fail(new Error('the connection ended before a response'))
    })
    sent.end(body === null || body === undefined ? undefined : String(body))
  })
}

function noResponse(cause: NodeJS.ErrnoException): TypeError {
  const why = cause.code === undefined ? '' : ` (${cause.code})`
  return new TypeError(`no response${why}`, { cause: withMessage(cause) })
}

const decompress = promisify(gunzip)

/** @throws TypeError when it is too long or not whole; the reason of the signal once it is aborted */
async function readBody(received: IncomingMessage, signal: AbortSignal | null | undefined): Promise<Buffer> {
  try {
    const body = await readBounded(received, MAX_RESPONSE_BYTES)
    if (body === undefined) throw tooLong()
    return await decoded(body, received.headers['content-encoding'])
  } catch (cause) {
    throw signal?.aborted ? signal.reason : new TypeError('response not read', { cause })
  }
}

const tooLong = () => new Error(`it is longer than ${MAX_RESPONSE_BYTES} bytes`)

/** Codings that were not asked for, and that nobody here decodes. Whatever else servers write there changes nothing. */
const OTHER_CODINGS = ['br', 'compress', 'deflate', 'zstd']

/** @param list of `Content-Encoding` (RFC 9110 §8.4) */
async function decoded(body: Buffer, list = ''): Promise<Buffer> {
  const codings = list.split(',').map((coding) => coding.trim().toLowerCase().replace(/^x-/, ''))
  const real = codings.filter((coding) => coding === 'gzip' || OTHER_CODINGS.includes(coding))
  if (real.length === 0 || body.length === 0) return body
  if (real.length > 1 || real[0] !== 'gzip')
    throw new Error(`expected no Content-Encoding or gzip, got ${real.join(', ')}`)
  return decompress(body, { maxOutputLength: MAX_RESPONSE_BYTES }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE' ? tooLong() : error
  })
}

/** A body that fails when it is read: the libraries tell a response that cannot be read from an issuer that is down. */
const failing = (error: unknown) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.error(error)
    },
  })

import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { withMessage } from '../../shared/http-request.ts'
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

/** Some servers reject a request without `User-Agent`. */
const OWN_HEADERS = { 'accept-encoding': 'gzip', 'user-agent': 'modelops-gateway' }

/** Responses that have no body (Fetch Standard §2.2.3). */
const WITHOUT_BODY = [204, 205, 304]

/**
 * `fetch` for requests to issuers. Node's own cannot present a client certificate, and decompresses without a limit.
 * Redirects are not followed. The body is read here for the libraries, which read whole bodies into memory: one longer
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

function send(
  url: string,
  { method = 'GET', headers, body, signal, clientCertificate }: IssuerRequestInit,
): Promise<IncomingMessage> {
  const open = url.startsWith('http:') && !clientCertificate ? requestHttp : requestHttps
  const payload = body === null || body === undefined ? undefined : String(body)
  const options = {
    method,
    headers: { ...OWN_HEADERS, ...Object.fromEntries(new Headers(headers)), ...lengthOf(payload) },
    ...(clientCertificate && { ...clientCertificate, agent: false, minVersion: 'TLSv1.2' as const }),
    ...(signal && { signal }),
  }
  return new Promise((resolve, reject) => {
    const sent = open(url, options, resolve)
    const fail = (cause: Error) => {
      reject(signal?.aborted ? signal.reason : new TypeError('no response', { cause: withMessage(cause) }))
    }
    sent.on('error', fail)
    // Without an error, because nobody wants to upgrade: a response with status 101.
    sent.on('close', () => fail(new Error('the connection ended before a response')))
    sent.end(payload)
  })
}

const lengthOf = (payload: string | undefined) =>
  payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }

const decompress = promisify(gunzip)

/** @throws TypeError when it is too long or not whole; the reason of the signal once it is aborted */
async function readBody(received: IncomingMessage, signal: AbortSignal | null | undefined): Promise<Buffer> {
  try {
    const body = await readBounded(received)
    return await decoded(body, received.headers['content-encoding'])
  } catch (cause) {
    throw signal?.aborted ? signal.reason : new TypeError('response not read', { cause })
  }
}

const tooLong = () => new Error(`it is longer than ${MAX_RESPONSE_BYTES} bytes`)

async function readBounded(received: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop closes the connection.
  for await (const chunk of received as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_RESPONSE_BYTES) throw tooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Codings that were not asked for, and that nobody here decodes. Whatever else servers write there changes nothing. */
const OTHER_CODINGS = ['br', 'compress', 'deflate', 'zstd']

/** @param coding of `Content-Encoding` (RFC 9110 §8.4.1) */
async function decoded(body: Buffer, coding = ''): Promise<Buffer> {
  const name = coding.toLowerCase()
  if (OTHER_CODINGS.includes(name)) throw new Error(`expected no Content-Encoding or gzip, got ${name}`)
  if ((name !== 'gzip' && name !== 'x-gzip') || body.length === 0) return body
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

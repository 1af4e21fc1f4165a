import type { ClientCertificate } from './client/client-certificate.ts'
import { tlsFetch } from './client/tls-fetch.ts'

export interface IssuerRequestInit extends RequestInit {
  /** Presented to the issuer. The connection serves this request alone. */
  readonly clientCertificate?: ClientCertificate
}

/** How openid-client and jose send their requests. */
export type IssuerFetch = (url: string, options: IssuerRequestInit) => Promise<Response>

/** Longest response of an issuer, in bytes after decompression: ID tokens with thousands of groups fit. */
const MAX_RESPONSE_BYTES = 1_048_576

/**
 * `fetch` for requests to issuers: a body longer than {@link MAX_RESPONSE_BYTES} fails. The libraries read whole bodies
 * into memory, and a compressed one may be a thousand times as long as what was sent. It is read here for them, because
 * a stream in between (`pipeThrough`) made every later request of the process slower.
 */
export const issuerFetch: IssuerFetch = async (url, { clientCertificate, ...options }) =>
  bounded(await (clientCertificate ? tlsFetch(url, options, clientCertificate) : fetch(url, options)))

/** As `fetch` reports a response that ended early. */
const tooLong = () =>
  new TypeError('response not read', { cause: new Error(`it is longer than ${MAX_RESPONSE_BYTES} bytes`) })

async function bounded(response: Response): Promise<Response> {
  if (response.body === null) return response
  const { status, statusText, headers } = response
  const body = await readBounded(response.body).catch(failing)
  return new Response(body, { status, statusText, headers })
}

/** @throws TypeError when it is too long; else what `fetch` throws */
async function readBounded(body: ReadableStream<Uint8Array>): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop cancels the body, which closes the connection.
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > MAX_RESPONSE_BYTES) throw tooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A body that fails when it is read: the libraries tell a response that cannot be read from an issuer that is down. */
const failing = (error: unknown) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.error(error)
    },
  })

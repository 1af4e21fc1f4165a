/** How openid-client and jose send their requests. */
export type IssuerFetch = (url: string, options: RequestInit) => Promise<Response>

/** Longest response of an issuer, in bytes after decompression: ID tokens with thousands of groups fit. */
const MAX_RESPONSE_BYTES = 1_048_576

/**
 * `fetch` for requests to issuers: a body longer than {@link MAX_RESPONSE_BYTES} fails. The libraries read whole bodies
 * into memory, and a compressed one may be a thousand times as long as what was sent.
 */
export const issuerFetch: IssuerFetch = async (url, options) => bounded(await fetch(url, options))

/** As `fetch` reports a response that ended early. */
const tooLong = () =>
  new TypeError('response not read', { cause: new Error(`it is longer than ${MAX_RESPONSE_BYTES} bytes`) })

function bounded(response: Response): Response {
  if (response.body === null) return response
  let bytes = 0
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes <= MAX_RESPONSE_BYTES) controller.enqueue(chunk)
      else controller.error(tooLong())
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(limit), { status, statusText, headers })
}

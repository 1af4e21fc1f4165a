import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Keystream, piecesOf } from '../keystream.ts'
import type { Received } from '../oracle/exchange.ts'
import { ECHO_HEADERS, type Echo } from '../upstream/echo.ts'
import type { Composed } from './compose.ts'

/** Reads the body of a response. @throws Error if the response is cut off */
export type ReadBody = (response: IncomingMessage, composed: Composed) => Promise<Partial<Received>>

const TIMEOUT_MS = 60_000
const text = (value: string | string[] | undefined) => (value === undefined || value === '' ? undefined : String(value))

/** Whose response it is by its headers, which the upstream has written. */
export const byHeaders = (headers: Readonly<Record<string, string | string[] | undefined>>) => ({
  nonce: text(headers[ECHO_HEADERS.nonce]),
  user: text(headers[ECHO_HEADERS.user]),
  project: text(headers[ECHO_HEADERS.project]),
})

/** Sends a request on a connection that others use as well. Resolves to what came back, however it ended. */
export function send(composed: Composed, readBody: ReadBody): Promise<Received> {
  const { entrance, method, target, headers } = composed
  const sent = request(`${entrance.url}${target}`, { method, headers, agent: entrance.agent, timeout: TIMEOUT_MS })
  return new Promise((resolve) => {
    const ended = (received: Partial<Received>) => resolve({ endedAt: performance.now(), ...received })
    sent.once('timeout', () => sent.destroy(Object.assign(new Error(), { code: 'timeout' })))
    sent.once('error', (error: NodeJS.ErrnoException) => ended({ failure: error.code ?? error.message }))
    sent.once('response', (response) => {
      const seen = { status: response.statusCode, ...byHeaders(response.headers) }
      readBody(response, composed).then(
        (body) => ended({ ...seen, ...body }),
        () => ended({ ...seen, failure: 'cut' }),
      )
    })
    writeBody(composed, sent)
  })
}

function writeBody({ bytes, expected }: Composed, sent: ReturnType<typeof request>): void {
  if (bytes === 0) return void sent.end()
  // What becomes of it is told by the events of the request.
  pipeline(Readable.from(piecesOf(expected.nonce, bytes)), sent).catch(() => undefined)
}

const LONGEST_TEXT = 100_000

export async function readText(response: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of response) if (body.length < LONGEST_TEXT) body += String(piece)
  return body
}

/** The echo of an upstream, or the denial of the gateway. */
export const readEcho: ReadBody = async (response) => partsOf(response.statusCode, await readText(response))

export function partsOf(status: number | undefined, body: string): Partial<Received> {
  const read = parsed(body)
  if (read === undefined) return { foreign: `a body that is no JSON: ${JSON.stringify(body.slice(0, 100))}` }
  if (status !== 200) return { reason: read.reason, requestId: read.request_id }
  const { nonce, headerNonce, user, project, upstream, deliveries, bytes, sha256 } = read as unknown as Echo
  return { nonce, headerNonce, user, project, upstream, deliveries, body: { bytes, sha256 } }
}

function parsed(body: string): { reason?: string; request_id?: string } | undefined {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** A body of the nonce's bytes: each piece is compared at once. */
export const readBytes: ReadBody = async (response, composed) => {
  if (response.statusCode !== 200) return readEcho(response, composed)
  const stream = new Keystream(composed.expected.nonce)
  let foreign: string | undefined
  for await (const piece of response) {
    const at = stream.position
    if (!stream.matches(piece)) foreign ??= `bytes of another body after ${at}`
  }
  return { foreign, bytes: stream.position }
}

import type { IncomingMessage } from 'node:http'
import { Refusal } from '../errors.ts'

export interface BodyLimits {
  readonly maxBytes: number
  /** Longest silence of the client, ms. */
  readonly idleMs: number
  /** Longest time for all of the body, ms. Absent: as long as it moves. */
  readonly wholeMs?: number
}

/**
 * Reads a request body completely, for the few requests whose content is checked.
 * @throws Refusal `body-too-large`, `request-timeout`, `request-malformed` when the client leaves
 */
export function readBody(request: IncomingMessage, { maxBytes, idleMs, wholeMs }: BodyLimits): Promise<Buffer> {
  // A request without a body may have ended before anybody listens (`optimizeEmptyRequests`).
  if (request.readableEnded) return Promise.resolve(Buffer.alloc(0))
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes)
    return Promise.reject(new Refusal('body-too-large', `announced ${announced} bytes, at most ${maxBytes}`))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const late = () => reject(new Refusal('request-timeout', 'the body did not arrive in time', CLOSE))
  const silence = setTimeout(late, idleMs)
  const deadline = wholeMs === undefined ? undefined : setTimeout(late, wholeMs)
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    silence.refresh()
    size += chunk.length
    if (size > maxBytes) reject(new Refusal('body-too-large', `more than ${maxBytes} bytes`))
    else chunks.push(chunk)
  })
  request.once('end', () => resolve(Buffer.concat(chunks)))
  request.once('close', () => reject(new Refusal('request-malformed', 'the client left within the body')))
  return promise.finally(() => {
    clearTimeout(silence)
    clearTimeout(deadline)
    request.removeAllListeners('data')
  })
}

const CLOSE = { headers: { Connection: 'close' } }

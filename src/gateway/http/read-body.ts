import type { IncomingMessage } from 'node:http'
import { BodyPace, type BodyPaceLimits } from '../../shared/body-pace.ts'
import { Refusal } from '../errors.ts'

export interface BodyLimits {
  readonly maxBytes: number
  /** How fast it must arrive. */
  readonly pace: BodyPaceLimits
  /** Longest time for all of the body, ms. Absent: as long as it keeps the pace. */
  readonly wholeMs?: number
}

/**
 * Reads a request body completely, for the few requests whose content is checked.
 * @throws Refusal `body-too-large`, `request-timeout`, `request-malformed` when the client leaves
 */
export function readBody(request: IncomingMessage, { maxBytes, pace, wholeMs }: BodyLimits): Promise<Buffer> {
  // A request without a body may have ended before anybody listens (`optimizeEmptyRequests`).
  if (request.readableEnded) return Promise.resolve(Buffer.alloc(0))
  // The client may have left while the request waited for something else: no event would follow.
  if (request.destroyed) return Promise.reject(left())
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes)
    return Promise.reject(new Refusal('body-too-large', `announced ${announced} bytes, at most ${maxBytes}`))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const watch = watchPace(pace, (fault) => reject(late(fault)))
  const cut = () => reject(late('the request body did not arrive in time'))
  const deadline = wholeMs === undefined ? undefined : setTimeout(cut, wholeMs)
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    watch.received(chunk.length)
    size += chunk.length
    if (size > maxBytes) reject(new Refusal('body-too-large', `more than ${maxBytes} bytes`))
    else chunks.push(chunk)
  })
  request.once('end', () => resolve(Buffer.concat(chunks)))
  request.once('close', () => reject(left()))
  return promise.finally(() => {
    watch.stop()
    clearTimeout(deadline)
    request.removeAllListeners('data')
  })
}

/** One timer for the whole body, which checks the pace when its deadline has passed. */
function watchPace(limits: BodyPaceLimits, onFault: (fault: string) => void) {
  const pace = new BodyPace(limits, performance.now())
  const check = () => {
    const now = performance.now()
    const fault = pace.fault(now)
    if (fault === undefined) timer = setTimeout(check, pace.deadline - now)
    else onFault(fault)
  }
  let timer = setTimeout(check, limits.windowMs)
  return {
    received: (bytes: number) => pace.received(bytes, performance.now()),
    stop: () => clearTimeout(timer),
  }
}

const left = () => new Refusal('request-malformed', 'the client left within the body')

const late = (detail: string) => new Refusal('request-timeout', detail, { headers: { Connection: 'close' } })

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { denialOf } from '../../../../src/gateway/forward/upstream-denials.ts'
import type { Exchange, ResponseSink } from '../../../../src/gateway/upstream/exchange.ts'
import type { UpstreamOptions } from '../../../../src/gateway/upstream/options.ts'
import { Upstream } from '../../../../src/gateway/upstream/pool.ts'
import type { ResponseHead } from '../../../../src/gateway/upstream/response-head.ts'

/** What became of an exchange. */
export interface Outcome {
  status?: number
  headers?: readonly string[]
  body: string
  trailers?: readonly string[]
  information: number[]
  /** The reason that a client receives, where the exchange failed. */
  reason?: string
}

/** A server that sends, per connection, the bytes of the test. */
export async function startRaw(
  onConnection: (socket: Socket, n: number) => unknown,
): Promise<{ server: Server; origin: URL }> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    count += 1
    onConnection(socket, count)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) }
}

export function openUpstream(origin: URL, more: Partial<UpstreamOptions> = {}): Upstream {
  return new Upstream({
    origin,
    maxConnections: 4,
    tenantShare: 1,
    connectMs: 2000,
    bodyPace: { windowMs: 2000, minBytesPerSecond: 0 },
    responseIdleMs: 2000,
    idleMs: 2000,
    maxHeadBytes: 16_384,
    clock: Date.now,
    ...more,
  })
}

/** Sends one request and waits for its end. */
export function ask(upstream: Upstream, more: Partial<Exchange> = {}): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const outcome: Outcome = { body: '', information: [] }
  const sink: ResponseSink = {
    information: (status) => outcome.information.push(status),
    head: (head: ResponseHead) => {
      outcome.status = head.status
      outcome.headers = head.headers
    },
    upgraded: (_head: ResponseHead, upstreamSide: Writable) => {
      outcome.status = 101
      upstreamSide.end()
    },
    piece: (bytes) => {
      outcome.body += bytes.toString('latin1')
      return true
    },
    end: (last, trailers) => {
      outcome.body += last?.toString('latin1') ?? ''
      outcome.trailers = trailers
      resolve(outcome)
    },
    fail: (error) => resolve({ ...outcome, reason: denialOf(error).reason }),
  }
  const method = more.method ?? 'GET'
  const exchange = {
    tenant: 'a',
    method,
    head: `${method} / HTTP/1.1\r\nHost: u\r\n\r\n`,
    body: undefined,
    repeatable: true,
  }
  upstream.send({ ...exchange, upgrade: false, responseMs: 2000, sink, ...more })
  return promise
}

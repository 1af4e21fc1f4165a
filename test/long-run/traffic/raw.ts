import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Keystream } from '../keystream.ts'
import type { Received } from '../oracle/exchange.ts'
import { type Composed, compose } from './compose.ts'
import { composeDenial } from './denials.ts'
import type { Once } from './requests.ts'
import { headOf, type RawResponse, ResponseParser } from './response-parser.ts'
import { byHeaders, partsOf } from './send.ts'
import type { Stage } from './stage.ts'

const TIMEOUT_MS = 60_000

/** The bytes of a request. Bodies have their length. */
function bytesOf({ method, target, headers, bytes, expected }: Composed): Buffer {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields.join('')}\r\n`, 'latin1')
  return Buffer.concat([head, new Keystream(expected.nonce).next(bytes)])
}

async function connectTo({ url }: Composed['entrance']): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return socket
}

const receivedFrom = ({ status, headers, body }: RawResponse): Received => ({
  endedAt: performance.now(),
  status,
  ...byHeaders(headers),
  ...partsOf(status, body.toString('utf8')),
})

/** Reads until there are so many responses, or the connection has ended. */
async function responsesOf(socket: Socket, count: number): Promise<RawResponse[]> {
  const parser = new ResponseParser()
  const responses: RawResponse[] = []
  await new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      try {
        responses.push(...parser.read(bytes))
      } catch {
        socket.destroy()
      }
      if (responses.length >= count) resolve()
    })
    socket.once('end', resolve)
    socket.once('close', () => resolve())
  })
  return responses
}

/** Several requests of different callers at once on one connection: the responses must come in their order. */
export const pipeline: Once = async (stage) => {
  const { random } = stage
  const first = compose(stage, { kind: 'pipelined' })
  // All go to one upstream, so that its outage explains what happens to the connection.
  const shared = { route: routeOf(first), entrance: first.entrance }
  const rest = Array.from({ length: random.between(2, 7) }, () => {
    if (random.next() < 0.25) return composeDenial(stage, pipelinedDenial(first))
    const bytes = random.pick([0, 0, random.between(1, 20_000)])
    return compose(stage, { kind: 'pipelined', method: bytes > 0 ? 'POST' : 'GET', bytes, ...shared })
  })
  const all = [first, ...rest]
  const whole = Buffer.concat(all.map(bytesOf))
  const socket = await connectTo(first.entrance)
  const arriving = responsesOf(socket, all.length)
  // In two parts anywhere, so that requests are split as well.
  const split = random.between(1, whole.length)
  socket.write(whole.subarray(0, split))
  setTimeout(() => socket.write(whole.subarray(split)), random.between(0, 20))
  const responses = await arriving
  socket.destroy()
  all.forEach(({ expected }, index) => {
    const response = responses[index]
    const received = response ? receivedFrom(response) : { endedAt: performance.now(), failure: 'closed' }
    stage.oracle.check(expected, received)
    if (expected.reason !== undefined && received.reason === expected.reason) stage.denials.expect(expected, received)
  })
}

const routeOf = ({ target, expected }: Composed) => ({
  path: target.slice(0, target.indexOf('/', 1)),
  upstream: expected.upstream ?? '',
  needsProject: !target.startsWith('/lobby/'),
})

const pipelinedDenial = ({ entrance, expected: { upstream } }: Composed) => ({
  entrance,
  kind: 'pipelined denial',
  expected: { upstream },
})

/** A client that ends its side after the request has left (Node's `httpAllowHalfOpen` is off): what comes is its own. */
export const halfClose: Once = async (stage) => {
  const composed = compose(stage, { kind: 'half-closed by the client', leaves: true })
  const socket = await connectTo(composed.entrance)
  const arriving = responsesOf(socket, 1)
  socket.end(bytesOf(composed))
  const [response] = await arriving
  socket.destroy()
  stage.oracle.check(composed.expected, response ? receivedFrom(response) : { endedAt: performance.now() })
}

/** A client that resets its connection somewhere: in the middle of a body, of a response, or before either. */
export const reset: Once = async (stage) => {
  const { random } = stage
  const isUpload = random.next() < 0.5
  const composed = isUpload
    ? compose(stage, {
        kind: 'reset by the client',
        method: 'POST',
        bytes: random.between(1000, 2_000_000),
        leaves: true,
      })
    : compose(stage, {
        ...{ kind: 'reset by the client', action: 'bytes', leaves: true },
        query: { size: random.between(100_000, 4_000_000) },
      })
  const socket = await connectTo(composed.entrance)
  const bytes = bytesOf(composed)
  const sent = isUpload ? random.between(1, bytes.length - 1) : bytes.length
  let begun = Buffer.alloc(0)
  const enough = isUpload ? Number.POSITIVE_INFINITY : random.pick([1, 20_000, 90_000])
  const left = new Promise<void>((resolve) => {
    socket.on('data', (piece) => {
      begun = Buffer.concat([begun, piece])
      if (begun.length >= enough) resolve()
    })
    socket.once('close', () => resolve())
    setTimeout(resolve, isUpload ? random.between(0, 100) : 5000)
  })
  socket.write(bytes.subarray(0, sent))
  await left
  socket.resetAndDestroy()
  stage.oracle.check(composed.expected, beginningOf(composed, begun))
}

/** Whose response has begun, and whether its bytes so far are the own ones. */
function beginningOf({ expected }: Composed, begun: Buffer): Received {
  const endedAt = performance.now()
  const end = begun.indexOf('\r\n\r\n')
  if (end < 0) return { endedAt }
  const { status, headers } = headOf(begun.toString('latin1', 0, end))
  const owner = { endedAt, status, ...byHeaders(headers) }
  if (status !== 200 || headers['content-type'] !== 'application/octet-stream') return owner
  const isOwn = new Keystream(expected.nonce).matches(begun.subarray(end + 4))
  return isOwn ? owner : { ...owner, foreign: 'bytes of another body' }
}

/** A connection that begins a request and never ends it. */
export const unfinished = async ({ random, entrances, publicUrl }: Stage): Promise<void> => {
  const entrance = random.pick(entrances)
  const socket = await connectTo(entrance)
  socket.write(`GET /notes/echo/x HTTP/1.1\r\nhost: ${publicUrl.host}\r\n`)
  await new Promise((resolve) => setTimeout(resolve, random.between(10, 2000)))
  if (random.next() < 0.5) socket.resetAndDestroy()
  else socket.destroy()
}

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { acceptWebSocket } from '../../path/accept-websocket.ts'
import { piecesOf } from '../keystream.ts'
import { closeFrame, FrameReader, textFrame } from '../websocket-frames.ts'
import { ACTIONS, type Action, ECHO_HEADERS, type Echo, NONCE_HEADER } from './echo.ts'
import { Swap } from './swap.ts'

/** An application in a process of its own: `main.ts PORT NAME [crossed]`. It responds with what it got from whom. */
const [port = '', name = '', plant] = process.argv.slice(2)
const swap = plant === 'crossed' ? new Swap() : undefined

interface Asked {
  readonly action: Action
  readonly nonce: string
  readonly query: URLSearchParams
  readonly user: string | undefined
  readonly project: string | undefined
}

const header = (request: IncomingMessage, field: string) => request.headers[field] as string | undefined

function askedBy(request: IncomingMessage): Asked | undefined {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream')
  const [, action, nonce] = /\/([a-z]+)\/([0-9a-f]{32})$/.exec(pathname) ?? []
  if (nonce === undefined || !ACTIONS.includes(action as Action)) return undefined
  return {
    ...{ action: action as Action, nonce, query: searchParams },
    user: header(request, 'x-forwarded-user'),
    project: header(request, 'aoa-project-id'),
  }
}

/** How often each nonce arrived. The oldest are forgotten. */
const delivered = new Map<string, number>()
const REMEMBERED = 20_000

function deliver(nonce: string): number {
  const times = (delivered.get(nonce) ?? 0) + 1
  delivered.set(nonce, times)
  const [oldest] = delivered.keys()
  if (delivered.size > REMEMBERED && oldest !== undefined) delivered.delete(oldest)
  return times
}

const echoHeaders = ({ nonce, user = '', project = '' }: Asked) => ({
  [ECHO_HEADERS.nonce]: nonce,
  [ECHO_HEADERS.user]: user,
  [ECHO_HEADERS.project]: project,
})

async function echo(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
  const deliveries = deliver(asked.nonce)
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of request) {
    bytes += (piece as Buffer).length
    hash.update(piece as Buffer)
  }
  const body: Echo = {
    ...{ upstream: name, method: request.method ?? '', nonce: asked.nonce, headerNonce: header(request, NONCE_HEADER) },
    ...{ user: asked.user, groups: header(request, 'x-forwarded-groups'), project: asked.project },
    ...{ bytes, sha256: hash.digest('hex'), deliveries },
  }
  const send = () => {
    response.writeHead(200, { 'Content-Type': 'application/json', ...echoHeaders(asked) })
    response.end(JSON.stringify(body))
  }
  if (swap === undefined) send()
  else swap.add({ response, headers: echoHeaders(asked), body: JSON.stringify(body) })
}

async function sendBytes(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
  request.resume()
  const size = Number(asked.query.get('size'))
  const framing = asked.query.get('framing') === 'chunked' ? {} : { 'Content-Length': size }
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', ...framing, ...echoHeaders(asked) })
  await pipeline(Readable.from(piecesOf(asked.nonce, size)), response)
}

/** Begins a response of `after` bytes of twice as many, then resets the connection. 0: no response at all. */
function cut(request: IncomingMessage, response: ServerResponse, asked: Asked): void {
  request.resume()
  const after = Number(asked.query.get('after'))
  const reset = () => request.socket.resetAndDestroy()
  if (after === 0) {
    reset()
    return
  }
  response.writeHead(200, { 'Content-Length': 2 * after, ...echoHeaders(asked) })
  response.write(Buffer.concat([...piecesOf(asked.nonce, after)]), () => setTimeout(reset, 20))
}

function sendEvents(request: IncomingMessage, response: ServerResponse, asked: Asked): void {
  request.resume()
  const [count, everyMs] = [Number(asked.query.get('count')), Number(asked.query.get('every'))]
  response.writeHead(200, { 'Content-Type': 'text/event-stream', ...echoHeaders(asked) })
  let sent = 0
  const { nonce, user, project } = asked
  const timer = setInterval(() => {
    response.write(`id: ${sent}\ndata: ${JSON.stringify({ nonce, user, project, n: sent })}\n\n`)
    sent += 1
    if (sent === count) response.end()
  }, everyMs)
  response.once('close', () => clearInterval(timer))
  response.once('finish', () => clearInterval(timer))
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const asked = askedBy(request)
  response.on('error', () => undefined)
  if (asked === undefined) return void response.writeHead(request.url === '/ready' ? 200 : 404).end()
  const actions = { echo, bytes: sendBytes, events: sendEvents, cut, socket: echo }
  // A client that leaves in the middle of a body is no error of the application.
  Promise.resolve(actions[asked.action](request, response, asked)).catch(() => response.destroy())
})

/** Each message comes back with who sent it. */
server.on('upgrade', (request, socket: Socket, early: Buffer) => {
  const asked = askedBy(request)
  if (asked === undefined) return void socket.destroy()
  const { nonce, user, project } = asked
  acceptWebSocket(request, socket, '')
  const frames = new FrameReader()
  const take = (bytes: Buffer) => {
    for (const text of frames.read(bytes)) socket.write(textFrame(JSON.stringify({ nonce, user, project, text })))
    if (frames.closed) socket.end(closeFrame())
  }
  socket.on('data', take)
  if (early.length > 0) take(early)
})

server.listen(Number(port), '127.0.0.1')

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An application that counts its requests. */
export interface Upstream {
  readonly url: string
  /** Closes each connection without a response. */
  resetting: boolean
  /** Requests that were received more than once. */
  readonly repeated: () => number
  close(): Promise<void>
}

export async function startUpstream(): Promise<Upstream> {
  const received = new Map<string, number>()
  const state = { resetting: false }
  const server = createServer((request, response) => {
    const id = String(request.headers['x-once'])
    received.set(id, (received.get(id) ?? 0) + 1)
    if (state.resetting) return void request.socket.resetAndDestroy()
    request.resume()
    if (request.url?.endsWith('/events')) return sendEvents(request.headers['last-event-id'], response)
    setTimeout(() => response.end('here'), 20)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeated: () => [...received.values()].filter((times) => times > 1).length,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const EVERY_MS = 100

/** An endless stream of numbered events. It continues after the last one that the client has, as EventSource asks for. */
function sendEvents(lastId: string | string[] | undefined, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  let next = lastId === undefined ? now() : Number(lastId) + 1
  const send = () => {
    for (; next <= now(); next += 1) response.write(`id: ${next}\ndata: here\n\n`)
  }
  const timer = setInterval(send, EVERY_MS)
  response.once('close', () => clearInterval(timer))
  send()
}

const now = () => Math.floor(Date.now() / EVERY_MS)

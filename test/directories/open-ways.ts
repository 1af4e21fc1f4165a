import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { RawClient } from '../path/kit.ts'

/** An upstream that streams events, and greets on WebSockets. */
export async function startStreams(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    if (!request.url?.includes('stream')) return void response.end('hello')
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: hello\n\n')
  }).on('upgrade', (_request, socket: Socket) => {
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

const HANDSHAKE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A way by which somebody has access. */
export interface Way {
  readonly name: string
  /** Whether it still gives access. */
  isOpen(): Promise<boolean>
  /** Gives it up: an open stream keeps its session in use. */
  close(): void
}

/** A request, an event stream and, if asked for, a WebSocket with the same credentials. */
export async function openWays(
  url: string,
  path: string,
  name: string,
  headers: Record<string, string>,
): Promise<Way[]> {
  const { host, port, origin } = new URL(url)
  const lines = Object.entries({ host, origin, ...headers }).map(([key, value]) => `${key}: ${value}\r\n`)
  const open = async (kind: string, more: string): Promise<Way> => {
    const client = new RawClient(Number(port))
    client.send(`GET ${path}/stream HTTP/1.1\r\n${lines.join('')}${more}\r\n`)
    await client.until((text) => text.includes('hello'))
    return { name: `${name}, ${kind}`, isOpen: async () => !client.closed, close: () => client.socket.destroy() }
  }
  const request: Way = {
    name: `${name}, request`,
    isOpen: async () => (await fetch(`${url}${path}/x`, { headers, redirect: 'manual' })).status === 200,
    close: () => {},
  }
  return [request, await open('event stream', ''), await open('WebSocket', HANDSHAKE)]
}

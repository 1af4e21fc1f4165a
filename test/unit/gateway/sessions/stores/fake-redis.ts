import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** A reply as Redis sends it, or undefined to send none yet. */
type Reply = string | undefined

export interface FakeRedis {
  readonly port: number
  /** The open connections. */
  readonly sockets: ReadonlySet<Socket>
  /** Closes every connection and the server. */
  close(): void
}

export const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`
export const list = (...items: readonly string[]) => `*${items.length}\r\n${items.map(bulk).join('')}`
/** What a server sends by itself (RESP3). */
export const push = (...items: readonly string[]) => `>${items.length}\r\n${items.map(bulk).join('')}`

/** Replies to the commands with which a client begins; any other is given to `reply`, in small letters. */
export async function startFakeRedis(reply: (command: string, socket: Socket) => Reply): Promise<FakeRedis> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
    let received = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk
      for (let next = takeCommand(received); next !== undefined; next = takeCommand(received)) {
        received = received.slice(next.length)
        const replied = usual(next.command) ?? reply(next.command, socket)
        if (replied !== undefined) socket.write(replied)
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, sockets, close }
}

function usual(command: string): Reply {
  if (command.startsWith('hello')) return `%1\r\n${bulk('server')}${bulk('redis')}`
  if (command.startsWith('client ')) return '+OK\r\n'
  if (command.startsWith('info')) return bulk('role:master\r\n')
  return undefined
}

/** The first whole command of what was received: `*2\r\n$4\r\nINFO\r\n…`. */
function takeCommand(received: string): { command: string; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(received)
  if (head === null) return undefined
  const words: string[] = []
  let at = head[0].length
  for (let n = 0; n < Number(head[1]); n += 1) {
    const size = /^\$(\d+)\r\n/.exec(received.slice(at))
    if (size === null) return undefined
    at += size[0].length
    const word = received.slice(at, at + Number(size[1]))
    at += Number(size[1]) + 2
    if (received.length < at) return undefined
    words.push(word)
  }
  return { command: words.join(' ').toLowerCase(), length: at }
}

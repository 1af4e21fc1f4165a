import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { listenError } from './start-error.ts'

/**
 * @param address Host and port, e.g. `127.0.0.1:4180` or `[::1]:4180`
 * @param key Of the configuration, for the error
 * @throws StartError
 */
export function listen(server: Server, address: string, key: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(key, address, error))
    server.once('error', fail)
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

/** Every connection of a server, upgraded ones too, which the server itself no longer knows. */
export function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

/** Accepts no new connections. Requests in flight get `seconds`, then every connection is closed. */
export function drain(server: Server, sockets: ReadonlySet<Socket>, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, seconds * 1000)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

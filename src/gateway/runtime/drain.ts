import type { Server } from 'node:http'
import type { Socket } from 'node:net'

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

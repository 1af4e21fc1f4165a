import type { Server } from 'node:http'

/** @param address Host and port, e.g. `127.0.0.1:4180` or `[::1]:4180`. @throws when it cannot be had */
export function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Takes no new connections; requests in flight get `seconds`, then they are cut. */
export function drain(server: Server, seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), seconds * 1000)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An application that counts what arrives. */
export interface Upstream {
  readonly url: string
  /** Closes each connection without an answer. */
  resetting: boolean
  /** Requests that arrived more than once. */
  readonly repeated: () => number
  close(): Promise<void>
}

export async function startUpstream(): Promise<Upstream> {
  const arrived = new Map<string, number>()
  const state = { resetting: false }
  const server = createServer((request, response) => {
    const id = String(request.headers['x-once'])
    arrived.set(id, (arrived.get(id) ?? 0) + 1)
    if (state.resetting) return void request.socket.resetAndDestroy()
    request.resume()
    setTimeout(() => response.end('here'), 20)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeated: () => [...arrived.values()].filter((times) => times > 1).length,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

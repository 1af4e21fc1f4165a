import { createServer } from 'node:http'
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

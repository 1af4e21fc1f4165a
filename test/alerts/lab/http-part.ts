import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A server of the lab on a free loopback port. */
export interface HttpPart {
  readonly port: number
  close(): Promise<void>
}

export async function listening(server: Server | SecureServer): Promise<HttpPart> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A plain HTTP server with this behaviour. */
export async function startPart(respond: RequestListener): Promise<HttpPart & { readonly url: string }> {
  const part = await listening(createServer(respond))
  return { ...part, url: `http://127.0.0.1:${part.port}` }
}

import { once } from 'node:events'
import { createServer, request as send } from 'node:http'
import { pipeline } from 'node:stream'

/** A request as it passed between the gateway and Airflow. */
export interface Captured {
  readonly method: string
  /** The request target. */
  readonly target: string
  readonly headers: Record<string, string>
}

/** Somebody who reads what passes between the gateway and Airflow, and changes nothing. */
export interface Eavesdropper {
  readonly url: string
  /** The last request that passed with this path. @throws Error if there was none */
  captured(path: string): Captured
  close(): Promise<void>
}

export async function startEavesdropper(upstream: string): Promise<Eavesdropper> {
  const seen = new Map<string, Captured>()
  const { hostname, port } = new URL(upstream)
  const server = createServer((request, response) => {
    const { method = '', url: target = '', rawHeaders } = request
    const headers = Object.fromEntries(
      rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? '']] : [])),
    )
    seen.set(target.replace(/\?.*/, ''), { method, target, headers })
    const onward = send({ hostname, port, method, path: target, headers: rawHeaders })
    onward.on('response', (received) => {
      response.writeHead(received.statusCode ?? 502, received.rawHeaders)
      pipeline(received, response, () => undefined)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    pipeline(request, onward, () => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    captured(path) {
      const found = seen.get(path)
      if (found === undefined) throw new Error(`no request passed for ${path}`)
      return found
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

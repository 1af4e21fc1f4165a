import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A request as an upstream received it. */
export interface Received {
  readonly method: string
  /** The request target, byte for byte. */
  readonly target: string
  /** Names as they were sent, so that two spellings of one header stay visible. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

export interface Recorder {
  readonly url: string
  /** Everything received so far, oldest first. */
  readonly received: Received[]
  /** Values of a header of the last request, whatever its spelling (`_` counts as `-`). */
  lastValues(name: string): string[]
  close(): Promise<void>
}

/** An upstream that responds with status 200 and the request it received, and records every request. */
export async function startRecorder(): Promise<Recorder> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const pairs = request.rawHeaders
    const headers = pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, pairs[i + 1] ?? ''] as const] : []))
    const { method = '', url: target = '' } = request
    received.push({ method, target, headers, body: await buffer(request) })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method, target, headers }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
  const folded = (name: string) => name.toLowerCase().replaceAll('_', '-')
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    lastValues: (name) =>
      (received.at(-1)?.headers ?? []).filter(([each]) => folded(each) === folded(name)).map(([, value]) => value),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

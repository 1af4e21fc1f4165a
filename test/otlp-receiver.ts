import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CollectedSpan, spansOf } from '../infra/parts/otlp-spans.ts'

/** A receiver of OTLP over HTTP in this process. */
export interface OtlpReceiver {
  readonly url: string
  /** What arrived, byte for byte. */
  readonly bodies: string[]
  /** Headers of each export. */
  readonly headers: NodeJS.Dict<string | string[]>[]
  spans(): CollectedSpan[]
  /** Resolves once `find` finds something among the spans. @throws Error after some seconds */
  until<T>(find: (spans: CollectedSpan[]) => T | undefined): Promise<T>
  close(): Promise<void>
}

/** @param status What each export is responded with; a function is asked each time, and `undefined` never responds */
export async function startOtlpReceiver(status: () => number | undefined = () => 200): Promise<OtlpReceiver> {
  const bodies: string[] = []
  const headers: OtlpReceiver['headers'] = []
  const server = createServer(async (request, response) => {
    headers.push(request.headers)
    const body = await text(request)
    const code = status()
    if (code === 200) bodies.push(body)
    if (code !== undefined) response.writeHead(code, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
  const spans = () => bodies.flatMap(spansOf)
  return {
    url: `http://127.0.0.1:${address.port}`,
    bodies,
    headers,
    spans,
    async until(find) {
      for (let i = 0; i < 200; i += 1) {
        const found = find(spans())
        if (found !== undefined) return found
        await sleep(50)
      }
      throw new Error(`expected another span; got ${spans().map(({ name }) => name)}`)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

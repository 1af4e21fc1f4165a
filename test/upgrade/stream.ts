import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface StreamSeen {
  readonly events: number
  /** Numbers that did not follow the one before. */
  readonly lost: number
  /** How often the connection ended and was made again, as every EventSource does. */
  readonly reconnects: number
  /** Responses other than 200, and errors before a response. */
  readonly unexpected: readonly (number | string)[]
}

/** Reads the numbered events of the upstream until it is stopped, and connects again where it left off. */
export function followEvents(url: string, cookie: string): { stop: () => Promise<StreamSeen> } {
  const seen = { events: 0, lost: 0, reconnects: -1, unexpected: [] as (number | string)[] }
  let [last, stopped]: [number | undefined, boolean] = [undefined, false]
  let cut = () => {}
  const take = (id: number) => {
    if (last !== undefined && id !== last + 1) seen.lost += 1
    last = id
    seen.events += 1
  }
  const connect = () =>
    new Promise<void>((resolve) => {
      let responded = false
      const headers = {
        host: new URL(url).host,
        cookie,
        'x-once': randomUUID(),
        ...(last !== undefined && { 'last-event-id': String(last) }),
      }
      const sent = request(`${url}/lobby/events`, { headers }, (response) => {
        responded = true
        if (response.statusCode !== 200) seen.unexpected.push(response.statusCode ?? 0)
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          const events = `${text}${chunk}`.split('\n\n')
          text = events.pop() ?? ''
          for (const event of events) take(Number(/^id: (\d+)$/m.exec(event)?.[1]))
        })
        response.once('close', resolve)
        response.on('error', () => undefined) // cut: it connects again
      })
      sent.once('error', (error: NodeJS.ErrnoException) => {
        if (!stopped && !responded) seen.unexpected.push(error.code ?? error.message)
        resolve()
      })
      cut = () => sent.destroy()
      sent.end()
    })
  const reading = (async () => {
    for (; !stopped; await sleep(50)) {
      seen.reconnects += 1
      await connect()
    }
  })()
  return {
    async stop() {
      stopped = true
      cut()
      await reading
      return seen
    },
  }
}

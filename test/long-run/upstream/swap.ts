import type { ServerResponse } from 'node:http'

interface Ready {
  readonly response: ServerResponse
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One response in this many is kept back for the next one. */
const EVERY = 100

/** The fault that the run must find: two responses that are each sent to the other's request. */
export class Swap {
  #seen = 0
  #kept: Ready | undefined

  add(ready: Ready): void {
    this.#seen += 1
    const kept = this.#kept
    this.#kept = undefined
    if (kept !== undefined) {
      send(kept.response, ready)
      send(ready.response, kept)
    } else if (this.#seen % EVERY === 0) this.#kept = ready
    else send(ready.response, ready)
  }
}

function send(to: ServerResponse, { headers, body }: Ready): void {
  to.writeHead(200, { 'Content-Type': 'application/json', ...headers })
  to.end(body)
}

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Received } from '../oracle/exchange.ts'
import { closeFrame, FrameReader, textFrame } from '../websocket-frames.ts'
import { type Composed, compose } from './compose.ts'
import type { Once } from './requests.ts'
import { byHeaders, partsOf, type ReadBody, readEcho, readText, send } from './send.ts'

const EVERY_MS = 200

/** Server-sent events, each with the nonce, the caller and its number: none may be missing or of another stream. */
export const events: Once = async (stage) => {
  const count = stage.random.between(10, 75)
  const query = { count, every: EVERY_MS }
  const composed = compose(stage, { kind: 'events', action: 'events', query, expected: { responseBytes: count } })
  stage.oracle.check(composed.expected, await send(composed, readEvents))
}

/** `bytes` is the number of events. */
const readEvents: ReadBody = async (response, composed) => {
  if (response.statusCode !== 200) return readEcho(response, composed)
  let [rest, next] = ['', 0]
  for await (const piece of response) {
    rest += String(piece)
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = rest.slice(0, end)
      rest = rest.slice(end + 2)
      const { nonce, user, project, n } = JSON.parse(event.slice(event.indexOf('data: ') + 6))
      if (n !== next || !isOwn(composed, { nonce, user, project }))
        return { nonce, user, project, foreign: `event ${n} where ${next} was expected` }
      next += 1
    }
  }
  return { bytes: next }
}

type Owner = Pick<Received, 'nonce' | 'user' | 'project'>
const isOwn = ({ expected: { nonce, principal } }: Composed, owner: Owner) =>
  owner.nonce === nonce && owner.user === principal?.user && owner.project === principal?.project

/** A WebSocket of a few seconds: each message comes back with the nonce and the caller. */
export const webSocket: Once = async (stage) => {
  const { random } = stage
  const composed = compose(stage, {
    ...{ kind: 'WebSocket', action: 'socket', caller: random.pick(stage.sessions) },
    expected: { status: 101 },
  })
  const messages = random.between(5, 60)
  const sizes = Array.from({ length: messages }, () => random.pick([1, 100, 1000, 30_000]))
  stage.oracle.check(composed.expected, await exchangeMessages(composed, sizes, stage.end))
}

async function exchangeMessages(composed: Composed, sizes: readonly number[], end: AbortSignal): Promise<Received> {
  const ended = (received: Partial<Received>) => ({ endedAt: performance.now(), ...received })
  const headers = {
    ...composed.headers,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  }
  const asking = request(`${composed.entrance.url}${composed.target}`, { headers, agent: false, timeout: 60_000 })
  asking.once('timeout', () => asking.destroy(new Error('timeout')))
  asking.end()
  let opened: [response: IncomingMessage, socket?: Socket, early?: Buffer]
  try {
    opened = (await Promise.race([once(asking, 'upgrade'), once(asking, 'response')])) as typeof opened
  } catch (error) {
    return ended({ failure: (error as NodeJS.ErrnoException).code ?? String(error) })
  }
  const [response, socket, early = Buffer.alloc(0)] = opened
  const status = response.statusCode
  if (socket === undefined || status !== 101) {
    const body = await readText(response).catch(() => '')
    asking.destroy()
    return ended({ status, ...partsOf(status, body) })
  }
  const echoing = new EchoSocket(composed, socket, early)
  const failed = await echoing.run(sizes, end)
  return ended({ status, ...byHeaders({}), ...failed })
}

/** Sends messages and compares what comes back, one after the other. */
class EchoSocket {
  readonly #composed: Composed
  readonly #socket: Socket
  readonly #frames = new FrameReader()
  readonly #texts: string[] = []
  #closed = false
  #wake = () => {}

  constructor(composed: Composed, socket: Socket, early: Buffer) {
    this.#composed = composed
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => this.#take(bytes))
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
    this.#take(early)
  }

  async run(sizes: readonly number[], end: AbortSignal): Promise<Partial<Received>> {
    let owner: Owner = {}
    for (const [index, size] of sizes.entries()) {
      if (end.aborted) break
      const text = `${this.#composed.expected.nonce} ${index} ${'x'.repeat(size)}`
      this.#socket.write(textFrame(text, randomBytes(4)))
      const received = await this.#next()
      if (received === undefined) return { ...owner, failure: 'closed' }
      const { nonce, user, project, text: echoed } = JSON.parse(received)
      owner = { nonce, user, project }
      if (!isOwn(this.#composed, owner) || echoed !== text)
        return { ...owner, foreign: `another message instead of number ${index}` }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
    this.#socket.write(closeFrame(randomBytes(4)))
    while (!this.#closed && !this.#frames.closed) await this.#wait()
    this.#socket.destroy()
    // A WebSocket that ended before its first message has said nothing about its owner.
    const { nonce, principal } = this.#composed.expected
    return owner.nonce === undefined ? { nonce, ...principal } : owner
  }

  async #next(): Promise<string | undefined> {
    while (this.#texts.length === 0 && !this.#closed) await this.#wait()
    return this.#texts.shift()
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(bytes: Buffer): void {
    this.#texts.push(...this.#frames.read(bytes))
    this.#wake()
  }
}

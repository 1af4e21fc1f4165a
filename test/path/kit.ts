import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type Kit, type KitOptions, signedInBrowser, startKit } from '../kit.ts'

export interface PathKit extends Kit {
  /** `Host: …` and `Cookie: …` lines of a signed-in browser, for requests written by hand. */
  readonly who: string
  /** The cookie's value pair alone. */
  readonly cookie: string
  readonly server: Server
}

/** The whole gateway in front of an upstream that `handle` makes, with bob signed in. Routes: /app (login), /p (project). */
export async function startPath(handle: RequestListener, options: KitOptions = {}): Promise<PathKit> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const route = (name: string, access: string, more = {}) => ({
    name,
    app: 'generic',
    path: `/${name}`,
    access,
    upstream,
    ...more,
  })
  const kit = await startKit({
    ...options,
    routes: [
      route('app', 'login', { responseSeconds: 1 }),
      route('p', 'project'),
      ...(options.routes ?? []).map((more) => ({ upstream, ...more })),
    ],
  })
  const cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
  return {
    ...kit,
    server,
    cookie,
    who: `Host: ${new URL(kit.url).host}\r\nCookie: ${cookie}\r\n`,
    async close() {
      server.closeAllConnections()
      server.close()
      await kit.close()
    },
  }
}

/** A raw client connection that keeps what it hears. */
export class RawClient {
  readonly socket: Socket
  heard = ''
  closed = false
  #wake: (() => void)[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (bytes) => {
      this.heard += bytes.toString('latin1')
      this.#stir()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.closed = true
      this.#stir()
    })
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Waits until what was heard satisfies `test`, or the connection has ended and it never will. */
  async until(test: (heard: string) => boolean): Promise<string> {
    while (!test(this.heard)) {
      if (this.closed) throw new Error(`the connection ended after: ${this.heard}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    return this.heard
  }

  async ended(): Promise<string> {
    while (!this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve))
    return this.heard
  }

  #stir(): void {
    for (const resolve of this.#wake.splice(0)) resolve()
  }
}

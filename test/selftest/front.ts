import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** What a front makes of the first bytes of a connection, which are a request or its beginning. */
export interface Mistake {
  readonly name: string
  /** Other bytes for the gateway, or a response in its place. Undefined: this request is forwarded as it is. */
  readonly onRequest?: (request: string, world: FrontWorld) => Changed | undefined
  /** Changes the head of a response: its lines without the empty one. */
  readonly onResponseHead?: (head: string) => string
  readonly tls?: TlsOptions
}

export interface Changed {
  /** Sent on in the place of the request. */
  readonly request?: string
  /** Where to; the gateway if absent. */
  readonly port?: number
  /** Sent back, and the connection ends. */
  readonly response?: string
}

export interface FrontWorld {
  readonly upstreamPort: number
  readonly adminPort: number
}

export interface FrontOptions extends FrontWorld {
  readonly port: number
  readonly gatewayPort: number
  readonly tls: TlsOptions
  readonly mistakes: readonly Mistake[]
}

/** A TLS proxy that forwards every byte, and makes the given mistakes. */
export async function startFront(options: FrontOptions): Promise<{ close(): void }> {
  const { port, tls, mistakes } = options
  const sockets = new Set<Socket>()
  const settings = { ...tls, ...Object.assign({}, ...mistakes.map((each) => each.tls)) }
  const server = createTlsServer({ ...settings, ALPNProtocols: ['http/1.1'] }, (client) => {
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    serve(client, options)
  })
  server.on('tlsClientError', () => {})
  return listening(server, port, sockets)
}

/** Plain HTTP that leads to https. */
export async function startPlainRedirect(port: number, httpsPort: number): Promise<{ close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    const location = `https://localhost:${httpsPort}/`
    client.once('data', () => client.end(responseOf(308, [`Location: ${location}`], '')))
  })
  return listening(server, port, sockets)
}

async function listening(server: Server, port: number, sockets: Set<Socket>): Promise<{ close(): void }> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    close() {
      for (const socket of sockets) socket.destroy()
      if (server.listening) server.close()
    },
  }
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port

export function responseOf(status: number, lines: readonly string[], body: string): string {
  const head = [`HTTP/1.1 ${status} Selftest`, ...lines, `Content-Length: ${body.length}`, 'Connection: close']
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function serve(client: Socket, options: FrontOptions): void {
  client.on('error', () => {})
  client.once('data', (bytes) => {
    let request = bytes.toString('latin1')
    let to = options.gatewayPort
    for (const { onRequest } of options.mistakes) {
      const changed = onRequest?.(request, options)
      if (changed?.response !== undefined) return void client.end(changed.response, 'latin1')
      request = changed?.request ?? request
      to = changed?.port ?? to
    }
    const gateway = connect(to, '127.0.0.1')
    gateway.on('error', () => client.destroy())
    gateway.write(request, 'latin1')
    client.pipe(gateway)
    relay(gateway, client, options.mistakes)
  })
}

/** Changes the first head, and forwards everything after it. */
function relay(gateway: Socket, client: Socket, mistakes: readonly Mistake[]): void {
  let pending = ''
  gateway.on('data', (bytes) => {
    if (pending === 'done') return void client.write(bytes)
    pending += bytes.toString('latin1')
    const end = pending.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = mistakes.reduce((text, { onResponseHead }) => onResponseHead?.(text) ?? text, pending.slice(0, end))
    client.write(`${head}${pending.slice(end)}`, 'latin1')
    pending = 'done'
  })
  gateway.on('end', () => client.end())
  gateway.on('close', () => client.end())
  client.on('close', () => gateway.destroy())
}

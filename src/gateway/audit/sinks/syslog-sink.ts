import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { bareHost, isIpAddress } from '../../../shared/host.ts'
import type { Config } from '../../config/schema.ts'
import { SYSLOG_PORTS } from '../../config/syslog-ports.ts'
import type { Entry, Sink } from './sink.ts'
import { syslogFrame } from './syslog-message.ts'

export type SyslogSettings = Extract<Config['audit']['sinks'][number], { type: 'syslog' }>

/**
 * Syslog acknowledges nothing: what was handed to a connection that then ends may not have arrived. The next connection
 * gets the messages of this age again; after a server that read nothing, all that its buffers may have held. `instance`
 * and `sequence` tell copies apart.
 */
const REPEAT_MS = 5000
const REPEAT_BYTES = 8_388_608

/** RFC 5424 messages over one TCP or TLS connection, opened when there is something to send. */
export class SyslogSink implements Sink {
  readonly #settings: SyslogSettings
  #socket: Socket | undefined
  /** What this connection was given last, batch by batch. */
  #recent: { readonly at: number; readonly bytes: Buffer }[] = []
  #recentBytes = 0
  /** Whether the connection ends because the server read nothing. */
  #isStalled = false
  /** Messages of a connection that ended, to be sent before all others. */
  #repeat: Buffer[] = []

  constructor(settings: SyslogSettings) {
    this.#settings = settings
  }

  async write(batch: readonly Entry[]): Promise<void> {
    const socket = await this.#connected()
    for (let [bytes] = this.#repeat; bytes !== undefined; [bytes] = this.#repeat) {
      await this.#send(socket, bytes)
      this.#repeat.shift()
      this.#remember(bytes)
    }
    const bytes = Buffer.concat(batch.map((entry) => syslogFrame(entry, this.#settings)))
    await this.#send(socket, bytes)
    this.#remember(bytes)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined || socket.destroyed) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.setTimeout(1000, () => socket.destroy())
      socket.end(() => socket.destroy())
    })
  }

  #remember(bytes: Buffer): void {
    this.#recent.push({ at: performance.now(), bytes })
    this.#recentBytes += bytes.length
    while (this.#recentBytes > REPEAT_BYTES && this.#recent.length > 1)
      this.#recentBytes -= this.#recent.shift()?.bytes.length ?? 0
  }

  #connected(): Promise<Socket> {
    const current = this.#socket
    if (current !== undefined && !current.destroyed) return Promise.resolve(current)
    const { promise, resolve, reject } = Promise.withResolvers<Socket>()
    const ms = this.#settings.timeoutSeconds * 1000
    const socket = openSocket(this.#settings, () => {
      clearTimeout(timer)
      this.#socket = socket
      resolve(socket)
    })
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${ms} ms`)), ms)
    socket.on('error', reject)
    // A server sends nothing; one that ends its side has stopped reading or is about to.
    socket.on('end', () => socket.destroy())
    socket.resume()
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('the syslog server closed the connection'))
      this.#ended(socket)
    })
    return promise
  }

  #ended(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    const since = this.#isStalled ? 0 : performance.now() - REPEAT_MS
    this.#repeat.unshift(...this.#recent.filter(({ at }) => at > since).map(({ bytes }) => bytes))
    this.#recent = []
    this.#recentBytes = 0
    this.#isStalled = false
  }

  /** Resolves when the system has taken all of it. A server that reads nothing for too long loses its connection. */
  #send(socket: Socket, bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const ms = this.#settings.timeoutSeconds * 1000
      const late = setTimeout(() => {
        this.#isStalled = true
        socket.destroy(new Error(`the syslog server read nothing for ${ms} ms`))
      }, ms)
      const closed = () => done(new Error('the syslog server closed the connection'))
      const done = (error?: Error | null) => {
        clearTimeout(late)
        socket.off('close', closed)
        if (error) reject(error)
        else resolve()
      }
      socket.once('close', closed)
      socket.write(bytes, done)
    })
  }
}

function openSocket(settings: SyslogSettings, connected: () => void): Socket {
  const { protocol, hostname, port } = new URL(settings.address)
  const host = bareHost(hostname)
  const isTls = protocol === 'tls:'
  const at = { host, port: port === '' ? SYSLOG_PORTS[isTls ? 'tls:' : 'tcp:'] : Number(port) }
  if (!isTls) return connectTcp(at, connected)
  const { ca, clientCertificate, clientKey } = settings
  const identity = { ...(ca && { ca }), ...(clientCertificate && { cert: clientCertificate, key: clientKey ?? '' }) }
  return connectTls(
    { ...at, ...identity, ...(!isIpAddress(host) && { servername: host }), minVersion: 'TLSv1.2' },
    connected,
  )
}

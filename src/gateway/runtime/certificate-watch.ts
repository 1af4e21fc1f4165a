import { isIP } from 'node:net'
import { connect } from 'node:tls'

/** Time between two looks at the same certificate, ms. A renewed one is known within it. */
const INTERVAL_MS = 3_600_000
/** Longest time of one look, ms. */
const TIMEOUT_MS = 10_000

/** When the certificate of a TLS server expires, in seconds since the epoch. @throws Error when it cannot be read */
export type ReadExpiry = (endpoint: URL) => Promise<number>

/** When the certificates of the servers that the gateway connects to expire: looked at once an hour. */
export class CertificateWatch {
  /** By endpoint, in seconds since the epoch; without those that could not be read yet. */
  readonly expiries = new Map<string, number>()
  readonly #read: ReadExpiry
  #endpoints: ReadonlySet<string> = new Set()
  readonly #timer: NodeJS.Timeout

  constructor(read: ReadExpiry = readExpiry) {
    this.#read = read
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS).unref()
  }

  /** Watches these endpoints instead of others from now on. Nobody waits for the first look. */
  watch(endpoints: ReadonlySet<string>): void {
    this.#endpoints = endpoints
    for (const endpoint of this.expiries.keys()) if (!endpoints.has(endpoint)) this.expiries.delete(endpoint)
    void this.look()
  }

  /** Resolves when every certificate has been read or could not be. Never rejects. */
  async look(): Promise<void> {
    await Promise.all([...this.#endpoints].map((endpoint) => this.#lookAt(endpoint)))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#endpoints = new Set()
  }

  async #lookAt(endpoint: string): Promise<void> {
    // What is known stays: a server that is down for a moment has the same certificate afterwards.
    const expiry = await this.#read(new URL(endpoint)).catch(() => undefined)
    if (expiry !== undefined && this.#endpoints.has(endpoint)) this.expiries.set(endpoint, expiry)
  }
}

/**
 * Reads a server's certificate by a handshake. Nothing is sent, and nothing but the date is taken: a certificate that is
 * not trusted, or has expired, is one that an operator wants to know of, so it is read without being verified.
 */
export function readExpiry({ hostname, port }: URL): Promise<number> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect({
    host,
    port: Number(port || 443),
    ...(isIP(host) ? {} : { servername: host }),
    rejectUnauthorized: false,
  })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no handshake in time')))
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('closed before the handshake')))
  socket.once('secureConnect', () => {
    const expiry = Date.parse(socket.getPeerCertificate().valid_to) / 1000
    socket.destroy()
    if (Number.isFinite(expiry)) resolve(expiry)
    else reject(new Error('no certificate'))
  })
  return promise
}

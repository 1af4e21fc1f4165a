import { readCertificate } from '../../shared/shown-certificate.ts'

/** How often each certificate is read, ms. A renewed one is known within it. */
const INTERVAL_MS = 3_600_000

/** When the certificate of a TLS server expires, in seconds since the epoch. @throws Error when it cannot be read */
export type ReadExpiry = (endpoint: URL) => Promise<number>

/** When the certificates of the servers that the gateway connects to expire: read once an hour. */
export class CertificateWatch {
  /** By endpoint, in seconds since the epoch; without those that could not be read yet. */
  readonly expiries = new Map<string, number>()
  readonly #read: ReadExpiry
  #endpoints: ReadonlySet<string> = new Set()
  readonly #timer: NodeJS.Timeout

  constructor(read: ReadExpiry = readExpiry) {
    this.#read = read
    this.#timer = setInterval(() => void this.readAll(), INTERVAL_MS).unref()
  }

  /** Watches these endpoints instead of others from now on. Nobody waits for the first reading. */
  watch(endpoints: ReadonlySet<string>): void {
    this.#endpoints = endpoints
    for (const endpoint of this.expiries.keys()) if (!endpoints.has(endpoint)) this.expiries.delete(endpoint)
    void this.readAll()
  }

  /** Resolves when every certificate has been read or could not be. Never rejects. */
  async readAll(): Promise<void> {
    await Promise.all([...this.#endpoints].map((endpoint) => this.#readOne(endpoint)))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#endpoints = new Set()
  }

  async #readOne(endpoint: string): Promise<void> {
    // What is known stays: a server that is down for a moment has the same certificate afterwards.
    const expiry = await this.#read(new URL(endpoint)).catch(() => undefined)
    if (expiry !== undefined && this.#endpoints.has(endpoint)) this.expiries.set(endpoint, expiry)
  }
}

/** The handshake alone: nothing is sent, and nothing but the date is kept. */
export async function readExpiry({ hostname, port }: URL): Promise<number> {
  const { validTo } = await readCertificate({ host: hostname, port: Number(port || 443) })
  const expiry = validTo.getTime() / 1000
  if (Number.isFinite(expiry)) return expiry
  throw new Error('the certificate has no readable date')
}

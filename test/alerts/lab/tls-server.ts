import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { run } from '../../../infra/parts/run.ts'
import { listening } from './http-part.ts'

/** An https application whose certificate can be replaced while it runs. */
export interface TlsServer {
  readonly url: string
  /** Presents a new certificate that is valid for this many days. */
  certify(days: number): Promise<void>
  close(): Promise<void>
}

export async function startTlsServer(folder: string, name: string, days: number): Promise<TlsServer> {
  const make = async (validDays: number) => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
    const { ok, tail } = await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(validDays)],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ])
    if (!ok) throw new Error(`openssl made no certificate:\n${tail}`)
    return { cert: readFileSync(cert), key: readFileSync(key) }
  }
  const server = createServer(await make(days), (_request, response) => response.end('here'))
  const { port, close } = await listening(server)
  return {
    url: `https://127.0.0.1:${port}`,
    certify: async (validDays) => server.setSecureContext(await make(validDays)),
    close,
  }
}

import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import { bareHost, isIpAddress } from './host.ts'

/** What a server shows of itself over TLS. */
export interface ShownCertificate {
  /** Code of Node or OpenSSL for why the chain is not accepted; undefined: it is. */
  readonly error: string | undefined
  /** Whether the certificate is for the host that was asked for. */
  readonly isForHost: boolean
  readonly names: readonly string[]
  readonly issuedBy: string
  readonly validFrom: Date
  readonly validTo: Date
}

/** A server that is busy or has just started takes seconds for a handshake. */
const TIMEOUT_MS = 10_000

/**
 * Connects, and reads the certificate whether it is accepted or not: one that has expired or is not trusted is what an
 * operator wants to know of. Nothing is sent over the connection.
 * @throws Error no connection, no TLS, or no certificate in time
 */
export function readCertificate(place: {
  host: string
  port: number
  ca?: string | undefined
}): Promise<ShownCertificate> {
  const host = bareHost(place.host)
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port: place.port, rejectUnauthorized: false },
      ...(isIpAddress(host) ? {} : { servername: host }),
      ...(place.ca === undefined ? {} : { ca: place.ca }),
    })
    const end = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => end(new Error(`no response within ${TIMEOUT_MS / 1000} seconds`)), TIMEOUT_MS)
    socket.on('close', () => clearTimeout(timer))
    socket.on('error', end)
    socket.on('secureConnect', () => {
      const error: unknown = socket.authorizationError
      const shown = socket.getPeerCertificate()
      socket.destroy()
      if (shown.valid_to === undefined) return reject(new Error('the server showed no certificate'))
      resolve(read(host, shown, error))
    })
  })
}

function read(host: string, shown: PeerCertificate, error: unknown): ShownCertificate {
  return {
    error: error == null ? undefined : codeOf(error),
    isForHost: checkServerIdentity(host, shown) === undefined,
    names: (shown.subjectaltname ?? `CN:${shown.subject?.CN ?? 'none'}`)
      .split(', ')
      .map((name) => name.slice(name.indexOf(':') + 1)),
    issuedBy: String(shown.issuer?.CN ?? shown.issuer?.O ?? 'an unnamed authority'),
    validFrom: new Date(shown.valid_from),
    validTo: new Date(shown.valid_to),
  }
}

/** Node declares an Error and gives the code as text for the errors of OpenSSL. */
const codeOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error)

import { connect } from 'node:tls'
import { bareHost, isIpAddress } from '../../../shared/host.ts'
import type { Place } from './place.ts'

export type OldVersion = 'TLSv1' | 'TLSv1.1'

/** `cannot`: this machine does not speak the version, so that nothing was learned. */
export type Handshake = 'accepted' | 'refused' | 'cannot'

const TIMEOUT_MS = 8000

/** Offers one old version of TLS, and nothing else. Sends no request. */
export function offer({ host, port }: Place, version: OldVersion): Promise<Handshake> {
  const bare = bareHost(host)
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: bare, port, rejectUnauthorized: false, minVersion: version, maxVersion: version },
      // OpenSSL 3 offers no cipher of these versions at its usual level of security.
      ciphers: 'DEFAULT@SECLEVEL=0',
      ...(isIpAddress(host) ? {} : { servername: bare }),
    })
    const end = (handshake: Handshake) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(handshake)
    }
    const timer = setTimeout(() => end('refused'), TIMEOUT_MS)
    socket.on('secureConnect', () => end('accepted'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(LOCAL.test(error.code ?? '') ? 'cannot' : 'refused'))
    socket.on('close', () => end('refused'))
  })
}

/** Codes of OpenSSL for what never left this machine. */
const LOCAL = /NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|NO_SUITABLE|UNSUPPORTED_PROTOCOL_VERSION|INTERNAL_ERROR/

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { bareHost, isIpAddress } from '../../../shared/host.ts'
import type { Place } from './place.ts'
import { type Response, readResponses } from './response.ts'

/**
 * What came back. A response counts as soon as its head is complete, however its body ends. `unreached`: no connection.
 * `closed`: a connection that ended without a response. `silent`: a connection that stayed open without one.
 */
export type Received =
  | { readonly kind: 'response'; readonly first: Response; readonly responses: readonly Response[]; closed: boolean }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreached'; readonly code: string }

export interface SendOptions {
  /** Of the request: a response to HEAD has no body. */
  readonly method?: string
  /** How long to listen for more after a whole response, in milliseconds. 0: not at all. */
  readonly listenMs?: number
  /** Longest time for connection and first response, in milliseconds. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 8000
/** Code of what was not sent, because the time of the whole run has ended. */
export const TIME_UP = 'the limit of time has passed'
/** A response of this size is no denial; what comes after it is not read. */
const MAX_BYTES = 4_000_000

/**
 * Sends bytes unchanged on a connection of its own. An HTTP client would correct what the cases are about: dot segments,
 * names, framing. Never rejects.
 */
export function send(place: Place, bytes: string, options: SendOptions = {}): Promise<Received> {
  const { method = 'GET', listenMs = 0, timeoutMs = TIMEOUT_MS } = options
  return new Promise((resolve) => {
    let text = ''
    let isOpen = false
    let code = 'ETIMEDOUT'
    let quiet: NodeJS.Timeout | undefined
    const end = (closed: boolean) => {
      clearTimeout(timer)
      clearTimeout(quiet)
      socket.destroy()
      const { responses } = readResponses(text, { ended: closed, method, cut: true })
      const [first] = responses
      if (first) resolve({ kind: 'response', first, responses, closed })
      else if (!isOpen) resolve({ kind: 'unreached', code })
      else resolve({ kind: closed ? 'closed' : 'silent' })
    }
    const timer = setTimeout(() => end(false), timeoutMs)
    const socket = open(place, () => {
      isOpen = true
      socket.write(bytes, 'latin1')
    })
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      if (text.length > MAX_BYTES) return end(true)
      if (readResponses(text, { ended: false, method }).responses.length === 0) return
      if (listenMs === 0) return end(false)
      clearTimeout(quiet)
      quiet = setTimeout(() => end(false), listenMs)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message
    })
    socket.on('close', () => end(true))
  })
}

/** A connection with TLS or without. @param opened Called once, when bytes may be sent. */
function open({ host, port, tls, ca, verifies = false }: Place, opened: () => void): Socket {
  const bare = bareHost(host)
  if (!tls) return connect({ host: bare, port }, opened)
  const name = isIpAddress(host) ? {} : { servername: bare }
  const trust = { rejectUnauthorized: verifies, ...(ca === undefined ? {} : { ca }) }
  return connectTls({ host: bare, port, ALPNProtocols: ['http/1.1'], ...name, ...trust }, opened)
}

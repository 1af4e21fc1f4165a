import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/schema.ts'
import { REASONS, type Reason } from '../errors.ts'
import { toOriginForm } from '../http/absolute-form.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { HandleUpgrade } from '../request/upgrade.ts'
import { isVerify } from '../request/verify.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Who takes what arrives. None throws or rejects. */
export interface Handlers {
  readonly handle: Handle
  /** Takes `/auth/verify`. */
  readonly verify: Handle
  readonly upgrade: HandleUpgrade
}

/**
 * Node's parser in its strict mode, with every limit of the configuration; what it refuses is answered in our words.
 * @param present Who takes a request that arrives now
 */
export function buildHttpServer({ limits }: Config, present: () => Handlers): Server {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    rejectNonStandardBodyWrites: true,
    joinDuplicateHeaders: false,
    // A request without a body costs no stream machinery.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: (request) => isWebSocket(request) && !isVerify(request),
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerSeconds * 1000,
    // How often `headersTimeout` is looked at.
    connectionsCheckingInterval: Math.min(5000, limits.headerSeconds * 250),
    // A whole request may take as long as it moves: `limits.bodyIdleSeconds` watches that.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveSeconds * 1000,
    noDelay: true,
  })
  // One more than allowed is read, so that too many are refused instead of cut off.
  server.maxHeadersCount = limits.headerCount + 1
  const take = (request: IncomingMessage, response: ServerResponse) => {
    toOriginForm(request)
    const { verify, handle } = present()
    void (isVerify(request) ? verify : handle)(request, response)
  }
  server.on('request', take)
  // The path itself says when the body may come: after the decision.
  server.on('checkContinue', take)
  server.on('upgrade', (request, socket, early) => {
    toOriginForm(request)
    void present().upgrade(request, socket as Socket, early)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnparsed(error, socket as Socket))
  return server
}

const PARSER_REASONS: Record<string, Reason> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** Answers bytes that were no request, and closes: where the next one would begin, nobody knows. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  const current: unknown = Reflect.get(socket, '_httpMessage')
  const answering = current instanceof ServerResponse && current.headersSent
  if (!socket.writable || error.code === 'ECONNRESET' || answering) {
    socket.destroy()
    return
  }
  const reason = PARSER_REASONS[error.code ?? ''] ?? 'request-malformed'
  const { status, text } = REASONS[reason]
  const body = JSON.stringify({ title: text, status, reason })
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../config/schema.ts'
import { isWebSocket } from '../http/websocket.ts'
import { isVerify } from '../request/forward-auth.ts'
import type { HandleUpgrade } from '../request/upgrade.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Handlers of what arrives. None throws or rejects. */
export interface Handlers {
  readonly handle: Handle
  /** Handles `/auth/verify`. */
  readonly verify: Handle
  readonly upgrade: HandleUpgrade
  /** Handles bytes that the parser could not read. */
  readonly refuseUnparsed: (error: NodeJS.ErrnoException, socket: Socket) => void
}

/**
 * Node's parser in its strict mode, with every limit of the configuration.
 * @param current The handlers of a request that arrives now
 */
export function buildHttpServer({ limits }: Config, current: () => Handlers): Server {
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    rejectNonStandardBodyWrites: true,
    joinDuplicateHeaders: false,
    // A request without a body costs no stream machinery.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: (request) => isWebSocket(request) && !isVerify(request.url ?? ''),
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerSeconds * 1000,
    // How often `headersTimeout` is checked.
    connectionsCheckingInterval: Math.min(5000, limits.headerSeconds * 250),
    // A request may take as long as its body moves: `limits.bodyIdleSeconds` limits the pauses.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveSeconds * 1000,
    noDelay: true,
  })
  // One more than allowed is read, so that too many are refused instead of cut off.
  server.maxHeadersCount = limits.headerCount + 1
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const { verify, handle } = current()
    void (isVerify(request.url ?? '') ? verify : handle)(request, response)
  }
  server.on('request', take)
  // The pipeline itself asks for the body: after the decision.
  server.on('checkContinue', take)
  server.on('upgrade', (request, socket, early) => void current().upgrade(request, socket as Socket, early))
  server.on('clientError', (error, socket) => current().refuseUnparsed(error, socket as Socket))
  return server
}

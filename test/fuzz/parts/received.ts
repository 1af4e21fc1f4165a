import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { buildHttpServer } from '../../../src/gateway/runtime/http-server.ts'
import { inMemorySocket } from '../oracles/in-memory-socket.ts'
import { config } from './gateway.ts'

/** A request as the gateway's own server hands it over, with its body; undefined: its parser refuses it. */
export interface Received {
  readonly request: IncomingMessage
  readonly body: Buffer
}

/** The first request in the bytes. Undefined as well for an upgrade, and for a body that never ends. */
export function receive(bytes: Buffer): Promise<Received | undefined> {
  return new Promise((resolve) => {
    const handle = async (request: IncomingMessage) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => resolve({ request, body: Buffer.concat(pieces) }))
      request.on('error', () => resolve(undefined))
    }
    const ended = () => resolve(undefined)
    const server = buildHttpServer(config, () => ({
      handle,
      verify: handle,
      upgrade: async () => ended(),
      refuseUnparsed: ended,
    }))
    const socket = inMemorySocket(bytes)
    socket.on('close', () => setImmediate(ended))
    socket.on('error', ended)
    server.emit('connection', socket as unknown as Socket)
    server.close()
  })
}

import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '../errors.ts'
import { type Forwarder, requestHead } from '../forward/forwarder.ts'
import { UpgradedResponse } from '../forward/upgraded-response.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Refuse } from './deny.ts'
import type { Gateway } from './pipeline.ts'

/** Handles one upgrade, to the end of its sockets. Never throws, never rejects. */
export type HandleUpgrade = (request: IncomingMessage, socket: Socket, early: Buffer) => Promise<void>

/**
 * WebSockets: the same steps, decision and header writer as any request; then both sockets are joined until either
 * side closes or the exchange is cut.
 */
export function buildUpgrades(deps: {
  readonly gateway: Gateway
  readonly forwarder: Forwarder
  readonly refuse: Refuse
  /** A process that is about to stop begins no conversation: nothing would end it. */
  readonly draining: () => boolean
}): HandleUpgrade {
  const { gateway, forwarder, refuse, draining } = deps

  async function handle(request: IncomingMessage, socket: Socket, early: Buffer): Promise<void> {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.once('finish', () => socket.end())
    socket.on('error', () => socket.destroy())
    const exchange = gateway.open(request, response)
    try {
      const passage = await gateway.admit(exchange)
      if (passage) await join(passage, early)
    } catch (error) {
      refuse(exchange, error)
    }
  }

  async function join(passage: AdmittedRequest, early: Buffer): Promise<void> {
    const { exchange, route } = passage
    if (!route.config.webSockets) throw new Refusal('app-denied', 'routes.webSockets is off')
    const outgoing = await gateway.outgoing(passage)
    if (draining()) throw new Refusal('draining', 'no WebSocket begins now', { headers: { 'Retry-After': '1' } })
    outgoing.headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    await new Promise<void>((resolve, reject) => {
      const sink = new UpgradedResponse(exchange, gateway.incoming(passage, outgoing), resolve, reject)
      sink.onJoined = (upstream) => void upstream.write(early)
      const { tenant, method, responseMs } = outgoing
      const call = forwarder.upstreamOf(outgoing).send({
        tenant,
        method,
        head: requestHead(outgoing),
        body: undefined,
        repeatable: true,
        upgrade: true,
        responseMs: responseMs === 0 ? Number.POSITIVE_INFINITY : responseMs,
        sink,
      })
      sink.follow(call)
    })
  }

  return handle
}

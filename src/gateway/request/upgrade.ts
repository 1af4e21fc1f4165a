import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '../errors.ts'
import { type Forwarder, requestHead } from '../forward/forwarder.ts'
import type { BuildResponsePlan } from '../forward/response-plan.ts'
import { UpgradedResponse } from '../forward/upgraded-response.ts'
import type { BuildUpstreamRequest } from '../forward/upstream-request.ts'
import { endAndLinger } from '../http/linger.ts'
import type { Transport } from '../http/reply.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { checkWebSocket } from './content-rules.ts'
import { replyOf } from './pass.ts'
import { isReply, type Pipeline } from './pipeline.ts'
import type { Responder } from './responder.ts'
import { endWith, statusOf } from './traced-steps.ts'

/** Handles one upgrade, to the end of its sockets. Never throws, never rejects. */
export type HandleUpgrade = (request: IncomingMessage, socket: Socket, early: Buffer) => Promise<void>

export interface UpgradeDeps {
  readonly pipeline: Pipeline
  readonly responder: Responder
  readonly upstreamRequest: BuildUpstreamRequest
  readonly responsePlan: BuildResponsePlan
  readonly forwarder: Pick<Forwarder, 'upstreamOf'>
  /** A process that is about to stop begins no WebSocket: nothing would end it. */
  readonly draining: () => boolean
}

/**
 * WebSockets: the same steps, decision and header writer as any request; then both sockets are joined until either
 * side closes or the connection is cut.
 */
export function buildUpgrade(deps: UpgradeDeps): HandleUpgrade {
  const { pipeline, responder } = deps

  async function join(admitted: AdmittedRequest, transport: Transport, early: Buffer): Promise<void> {
    const { context } = admitted
    const outgoing = await deps.upstreamRequest(admitted)
    if (transport.response.closed || transport.request.socket.destroyed) return
    if (deps.draining()) throw new Refusal('draining', 'no new WebSocket while draining')
    outgoing.headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    const span = context.trace?.beginUpstream(outgoing)
    const joined = new Promise<void>((resolve, reject) => {
      const plan = deps.responsePlan(admitted, outgoing)
      const sink = new UpgradedResponse({ context, transport, plan, resolve, reject })
      sink.onJoined = (upstream) => {
        span?.end({ status: 101 })
        responder.upgraded(context, transport)
        upstream.write(early)
      }
      const call = deps.forwarder.upstreamOf(outgoing).send({
        tenant: outgoing.tenant,
        method: outgoing.method,
        head: requestHead(outgoing),
        body: undefined,
        repeatable: true,
        upgrade: true,
        responseMs: outgoing.responseMs === 0 ? Number.POSITIVE_INFINITY : outgoing.responseMs,
        sink,
      })
      sink.follow(call)
    })
    await (span ? endWith(span, joined, () => statusOf(transport.response)) : joined)
  }

  return async (request, socket, early) => {
    const transport = { request, response: responseOn(socket, request) }
    const context = responder.open(transport)
    try {
      const result = await pipeline.admit(context, transport)
      const reply = isReply(result) ? result : replyOf(result)
      if (reply) return responder.send(context, transport, reply)
      const admitted = result as AdmittedRequest
      checkWebSocket(admitted)
      await admitted.route.profile.prepare?.(admitted.admission)
      await join(admitted, transport, early)
    } catch (error) {
      responder.deny(context, transport, error)
    }
  }
}

/** A response on a socket that the server has handed over, and that nobody but this response looks after. */
function responseOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  socket.on('error', () => socket.destroy())
  response.once('finish', () => endAndLinger(socket))
  return response
}

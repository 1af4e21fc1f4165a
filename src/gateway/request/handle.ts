import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pass } from './pass.ts'
import { isReply, type Pipeline } from './pipeline.ts'
import type { Responder } from './responder.ts'

export interface HandleDeps {
  readonly pipeline: Pipeline
  readonly pass: Pass
  readonly responder: Responder
}

/** Handles one request, to the end of its response. Never throws, never rejects. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export function buildHandle({ pipeline, pass, responder }: HandleDeps): Handle {
  return async (request, response) => {
    const transport = { request, response }
    const context = responder.open(transport)
    try {
      const admitted = pipeline.admit(context, transport)
      // Most requests are admitted at once: a promise would cost each of them a turn.
      const result = admitted instanceof Promise ? await admitted : admitted
      const reply = isReply(result) ? result : await pass(result, transport)
      if (reply) responder.send(context, transport, reply)
    } catch (error) {
      responder.deny(context, transport, error)
    }
  }
}

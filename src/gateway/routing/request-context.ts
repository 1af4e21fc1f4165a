import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Admission } from '../apps/profile.ts'
import type { ClientAddress } from '../http/client-address.ts'
import type { Target } from '../http/target.ts'
import type { Caller } from '../tokens/caller.ts'
import type { Route } from './routes.ts'

/** One request on its way: filled in step by step, read by whoever writes the answer. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  readonly clientAddress: string
  /** Canonical host of the request; empty until it is checked. */
  host: string
  target: Target | undefined
  route: Route | undefined
  caller: Caller | undefined
  admitted: Admission | undefined
  /** Headers for whatever answer follows (CORS): flat names and values. */
  readonly responseHeaders: string[]
}

/** A request that has just arrived. */
export function openExchange(request: IncomingMessage, response: ServerResponse, addressOf: ClientAddress): Exchange {
  return {
    request,
    response,
    requestId: randomUUID(),
    host: '',
    target: undefined,
    route: undefined,
    caller: undefined,
    admitted: undefined,
    responseHeaders: [],
    clientAddress: addressOf(request.socket.remoteAddress, request.headers['x-forwarded-for'] as string | undefined),
  }
}

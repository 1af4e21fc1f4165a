import * as z from 'zod'
import type { CoreDeps } from '../deps.ts'
import { parseBody, parseQuery } from './parse-input.ts'
import type { OperationRequest } from './request.ts'
import type { Authorization, Context, Operation, OperationSpec, Scope } from './spec.ts'

const nothing = z.strictObject({})
type Nothing = typeof nothing

/** Makes an endpoint from its description. An authorized request is validated, then handled. */
export function operation<
  S extends Scope,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined,
>({ handle, ...spec }: OperationSpec<S, Q, B, R>): Operation {
  return {
    spec,
    async run(authorization, request, deps) {
      const context = {
        deps,
        ...authorization,
        query: parseQuery(spec.query ?? nothing, request.query),
        body: spec.body && parseBody(spec.body, request.body),
        params: request.params,
        ifMatch: request.headersDistinct['if-match']?.join(', '),
        // 304 is a response to GET only (RFC 9110 §13.1.2).
        ifNoneMatch: spec.method === 'get' ? request.headersDistinct['if-none-match']?.join(', ') : undefined,
        audit: auditor(authorization, request, deps),
      }
      // Each member above is typed; that they fit the scope together is what TypeScript cannot infer.
      const reply = await handle(context as Context<S, z.output<Q>, z.output<B>>)
      const body = spec.response && reply.body !== undefined ? spec.response.parse(reply.body) : undefined
      return { ...reply, body, status: reply.status ?? spec.status }
    },
  }
}

function auditor({ principal, project }: Authorization, { requestId }: OperationRequest, { log }: CoreDeps) {
  const who = { subject: principal?.subject, user: principal?.username, project: project?.id }
  return (action: string, facts: Readonly<Record<string, unknown>> = {}) =>
    log.info({ event: 'audit', action, ...who, ...facts, request_id: requestId }, action)
}

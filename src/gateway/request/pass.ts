import type { BodyPaceLimits } from '../../shared/body-pace.ts'
import type { Clock } from '../../shared/clock.ts'
import type { BodyRule } from '../apps/profile.ts'
import { type Reason, Refusal } from '../errors.ts'
import type { Forwarder } from '../forward/forwarder.ts'
import type { Reauthorize } from '../forward/reauthorize.ts'
import type { BuildResponsePlan } from '../forward/response-plan.ts'
import type { BuildUpstreamRequest } from '../forward/upstream-request.ts'
import { askForBody } from '../http/expect.ts'
import { readBody } from '../http/read-body.ts'
import type { Reply, Transport } from '../http/reply.ts'
import type { ApplicationStates } from '../observability/application-states.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'

/**
 * A request that waited longer than this for its body or for its project is authorized again before it is forwarded, ms.
 * A request of a session that waited at all is, because that costs one lookup in memory: the end of a session cancels
 * only requests that have reached the upstream.
 */
const REAUTHORIZE_AFTER_MS = 1000

export interface PassDeps {
  readonly clock: Clock
  /** How fast a body that is read completely must arrive. */
  readonly bodyPace: BodyPaceLimits
  readonly reauthorize: Reauthorize
  readonly upstreamRequest: BuildUpstreamRequest
  readonly responsePlan: BuildResponsePlan
  readonly forwarder: Pick<Forwarder, 'forward'>
  /** Told of each outcome, for the start page. */
  readonly applicationStates: Pick<ApplicationStates, 'responded' | 'failed'>
}

/** Denials that say that the upstream did not respond as it should. */
const FAILURES: ReadonlySet<Reason> = new Set([
  'upstream-down',
  'upstream-timeout',
  'upstream-invalid',
  'upstream-not-ready',
])

/**
 * Takes an admitted request to its upstream and streams the response back, or replies in place of the application.
 * @returns a reply, or undefined once the response has been streamed. @throws Refusal
 */
export type Pass = (admitted: AdmittedRequest, transport: Transport) => Promise<Reply | undefined>

export function buildPass(deps: PassDeps): Pass {
  const { clock, upstreamRequest, responsePlan, forwarder, applicationStates } = deps

  async function checkedBody(
    { admission, context }: AdmittedRequest,
    rule: BodyRule,
    { request, response }: Transport,
  ): Promise<Buffer> {
    askForBody(request, response)
    const whole = await readBody(request, { maxBytes: rule.maxBytes, pace: deps.bodyPace })
    context.receivedBytes = whole.length
    return rule.rewrite(whole, admission)
  }

  /** Waits for what an upstream does, and notes whether it did. */
  async function watched(origin: string, work: Promise<void>): Promise<void> {
    try {
      await work
      applicationStates.responded(origin)
    } catch (error) {
      if (error instanceof Refusal && FAILURES.has(error.reason)) applicationStates.failed(origin)
      throw error
    }
  }

  return async (admitted, transport) => {
    const { context, route, below, admission } = admitted
    const reply = replyOf(admitted)
    if (reply) return reply
    const rule = route.profile.bodyRule?.(below.app)
    const preparing = route.profile.prepare?.(admission)
    const authorizedAt = clock()
    if (preparing) await watched(route.config.upstream, preparing)
    const body = rule && (await checkedBody(admitted, rule, transport))
    const waited = preparing !== undefined || body !== undefined
    if (waited && (context.caller?.via === 'session' || clock() - authorizedAt > REAUTHORIZE_AFTER_MS))
      await deps.reauthorize(context, true)
    const prepared = upstreamRequest(admitted)
    const plain = prepared instanceof Promise ? await prepared : prepared
    if (body) plain.headers.push('Content-Length', String(body.length))
    const outgoing = body ? { ...plain, body } : plain
    await watched(plain.origin, forwarder.forward(context, transport, outgoing, responsePlan(admitted, plain)))
    return undefined
  }
}

/** What the profile responds in place of the application. */
export function replyOf({ route: { profile }, admission }: AdmittedRequest): Reply | undefined {
  const reply = profile.reply?.(admission)
  return reply && { ...reply, headers: Object.entries(reply.headers).flat() }
}

import { systemClock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { REASONS, type Reason, Refusal } from '../errors.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { Principal } from '../policy/types.ts'
import type { ProjectSource } from '../projects/source.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import { readBelowRoute } from '../routing/below-route.ts'
import { openContext, type RequestContext } from '../routing/request-context.ts'
import { accessOf, type RouteTable } from '../routing/routes.ts'
import { detailOf } from '../tokens/step-up-refusal.ts'
import { buildAuthorize } from './authorize.ts'
import { buildCrossOrigin } from './cross-origin.ts'
import { buildPipeline, isReply, type Pipeline } from './pipeline.ts'
import { type Step, stepOf } from './steps.ts'

/** A request that is only asked about. */
export interface ExplainedRequest {
  readonly method: string
  /** As a client would send it: a path with its query. */
  readonly target: string
  /** Absent: the host of `server.publicUrl`. */
  readonly host?: string | undefined
  /** Absent: nobody is signed in. */
  readonly principal?: Principal | undefined
  /** Why the credentials of the caller are denied, whoever that is. */
  readonly refusal?: Refusal | undefined
  /** As if sent in `AOA-Project-ID`. */
  readonly project?: string | undefined
}

/** What the gateway would decide, with the rule and the reason. */
export interface Explanation {
  readonly allowed: boolean
  readonly status: number
  readonly reason: string
  readonly text: string
  /** Where it was denied. */
  readonly step?: Step
  readonly route?: string
  readonly access?: string
  readonly use?: string
  readonly role?: string
  readonly project?: string
  /** The level of authentication that is missing. */
  readonly level?: string
  readonly groups: readonly string[]
}

export type Explain = (request: ExplainedRequest) => Promise<Explanation>

export interface ExplainDeps {
  readonly config: Config
  readonly projects: ProjectSource
  readonly routes: RouteTable
}

/** Runs a request through the gateway's own steps and sends it nowhere. The caller is given instead of authenticated. */
export function buildExplain(deps: ExplainDeps): Explain {
  const publicHost = new URL(deps.config.server.publicUrl).host
  return async ({ principal, refusal, ...request }) => {
    const context = openContext(headOf(request, publicHost))
    const outcome = await outcomeOf(buildExplainedPipeline(deps, { principal, refusal }), context)
    return { ...outcome, ...routeFacts(context), groups: [...(principal?.groups ?? [])] }
  }
}

function buildExplainedPipeline(
  { config, projects, routes }: ExplainDeps,
  { principal, refusal }: Pick<ExplainedRequest, 'principal' | 'refusal'>,
): Pipeline {
  const publicUrl = new URL(config.server.publicUrl)
  const { adminGroup, serviceUsers } = config.access
  return buildPipeline({
    ...{ publicUrl, routes },
    limits: config.limits,
    crossOrigin: buildCrossOrigin(config.cors.allowedOrigins, publicUrl.protocol.slice(0, -1)),
    ownEndpoints: { health: () => undefined, serve: () => undefined, disguised: () => undefined },
    authenticate: () => {
      if (refusal) throw refusal
      return principal && { principal, via: 'bearer' }
    },
    authorize: buildAuthorize({
      projects,
      clock: systemClock,
      rules: { adminGroup, serviceUsers: new Set(serviceUsers) },
    }),
  })
}

type Outcome = Pick<Explanation, 'allowed' | 'status' | 'reason' | 'text' | 'role' | 'project' | 'step' | 'level'>

async function outcomeOf(pipeline: Pipeline, context: RequestContext): Promise<Outcome> {
  try {
    pipeline.locate(context)
    const result = await pipeline.authorize(context)
    if (!isReply(result)) return admitted(result)
    return { allowed: true, status: result.status, reason: 'redirect', text: 'The gateway redirects the request.' }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return denied(context, error.reason)
  }
}

function denied(context: RequestContext, reason: Reason): Outcome {
  const { status, text } = REASONS[reason]
  const { decision } = context
  const level = decision?.reason === 'step-up-required' ? { level: detailOf(decision.shortfall) } : {}
  return { allowed: false, status, reason, text, step: stepOf(context, reason), ...level }
}

function admitted({ context, admission: { role, project } }: AdmittedRequest): Outcome {
  return {
    allowed: true,
    status: 200,
    reason: context.decision?.reason ?? '',
    text: 'The request is forwarded.',
    role,
    ...(project === undefined ? {} : { project: `${project.name} (${project.id})` }),
  }
}

/** What the configuration says of the route that a request is for. */
export function routeFacts({ head, target, route }: Pick<RequestContext, 'head' | 'target' | 'route'>): {
  readonly route?: string
  readonly access?: string
  readonly use?: string
} {
  if (route === undefined || target === undefined) return {}
  try {
    const { app } = readBelowRoute(head, target, route)
    return { route: route.name, access: accessOf(route, app), use: route.profile.use(app) }
  } catch {
    return { route: route.name }
  }
}

/** The request as plain values. Not the URL class: it would repair what the gateway denies. */
function headOf(
  { method, target, host, project }: Omit<ExplainedRequest, 'principal' | 'refusal'>,
  publicHost: string,
): RequestHead {
  return {
    ...{ method, target },
    host: host ?? publicHost,
    httpVersion: '1.1',
    headers: {},
    rawHeaders: project === undefined ? [] : ['AOA-Project-ID', project],
    peerAddress: undefined,
    clientAddress: 'explain',
    requestId: 'explain',
  }
}

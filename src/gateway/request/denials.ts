import type { Clock } from '../../shared/clock.ts'
import type { AppProfile } from '../apps/profile.ts'
import { titleOf } from '../config/route-title.ts'
import type { Config } from '../config/schema.ts'
import { type Reason, type Refusal, textOf } from '../errors.ts'
import { isNavigation, wantsPage } from '../http/navigation.ts'
import { problemDetails } from '../http/problem-details.ts'
import { pageReply, type Reply, redirectReply } from '../http/reply.ts'
import { stepUpPath } from '../pages/login-path.ts'
import { buildPages } from '../pages/pages.ts'
import { currentProjectsOf, type ProjectRules } from '../projects/current-projects-of.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { buildClientAdvice } from './client-advice.ts'
import { detailsOf, knownProjectOf } from './denial-details.ts'
import { buildChallenges } from './protected-resources/challenges.ts'
import { usesProxyChallenge } from './proxy-challenge.ts'

/** Turns a denial into the reply that this client understands. */
export interface Denials {
  replyTo(context: RequestContext, denial: Refusal): Reply
  /** For proxies that understand no other statuses than 200, 401 and 403: the rest is in headers. */
  plainReplyTo(context: RequestContext, denial: Refusal): Reply
}

export interface DenialsDeps extends ProjectRules {
  readonly config: Config
  readonly clock: Clock
}

/**
 * People get a page or the way to sign in, programs get the application's own error format.
 * A redirect to sign in goes to page navigations alone.
 */
export function buildDenials(deps: DenialsDeps): Denials {
  const pages = buildPages(deps.config)
  const publicUrl = new URL(deps.config.server.publicUrl)
  const adviceFor = buildClientAdvice(deps)
  const challengesFor = buildChallenges(deps.config)

  /** Where the person wanted to go: a path on the public host, a whole URL on another. */
  function placeOf({ host, target }: RequestContext): string {
    const path = target === undefined ? '/' : target.query === '' ? target.path : `${target.path}?${target.query}`
    return host === '' || host === publicUrl.host ? path : `${publicUrl.protocol}//${host}${path}`
  }

  /** On the sign-in endpoints' own host where they say where a person returns to, else on the public host. */
  function loginUrl(context: RequestContext): string {
    const { returnTo, stepUp, route } = context
    if (returnTo !== undefined) return stepUpPath(returnTo, stepUp)
    return `${publicUrl.origin}${stepUpPath(placeOf(context), route?.stepUp && route.name)}`
  }

  /** Where the same request can be made again by a link. A sign-in starts again: its code may be spent. */
  function retryUrl(context: RequestContext): string | undefined {
    if (!isNavigation(context.head)) return undefined
    return SIGN_IN.has(context.endpoint ?? '') ? loginUrl(context) : placeOf(context)
  }

  function page(context: RequestContext, denial: Refusal): Reply {
    const { reason, status, headers } = denial
    const { caller, head } = context
    const who = caller?.principal
    if (reason === 'project-missing' && context.endpoint === undefined && who !== undefined) {
      const selected = caller?.session?.selectedProject
      const projects = currentProjectsOf(deps, who)
      return pageReply(status, pages.chooser({ who, projects, selected, returnTo: placeOf(context) }), headers)
    }
    const view = {
      ...{ reason, requestId: head.requestId, traceId: context.traceId, who, groups: who?.groups },
      application: applicationTitle(context),
      loginUrl: loginUrl(context),
      retryUrl: retryUrl(context),
      details: detailsOf(context, deps.clock()),
      known: knownProjectOf(context),
      level: levelOf(denial),
    }
    return pageReply(status, pages.refusal(view), headers)
  }

  /** The error format of the application, or problem details (RFC 9457). */
  function program(context: RequestContext, denial: Refusal): Reply {
    const text = textOf(denial.reason, applicationTitle(context))
    const write: AppProfile['refusal'] = context.route?.profile.refusal ?? context.dialect ?? problemDetails
    const message = `${text} ${adviceFor(context, denial) ?? denial.explain}`
    const asked = denial.status === 401 && usesProxyChallenge(context) ? 407 : denial.status
    const dialect = write(denial.reason, asked, message, context.head.requestId, context.traceId)
    const { contentType, body, status = asked } = dialect
    const headers = ['Content-Type', contentType, ...headersOf(context, denial, status)]
    if (status === 401 || status === 407) headers.push('Link', `<${loginUrl(context)}>; rel="login"`)
    return { status, headers, body }
  }

  /** The headers of a denial; for a 401 or 407, with the challenges of each scheme. */
  function headersOf(context: RequestContext, denial: Refusal, status: number): string[] {
    if (status !== 401 && status !== 407) return Object.entries(denial.headers).flat()
    const { 'WWW-Authenticate': _, ...others } = denial.headers
    const name = status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate'
    const challenges = challengesFor(context, denial).flatMap((challenge) => [name, challenge])
    return [...Object.entries(others).flat(), ...challenges]
  }

  return {
    replyTo(context, denial) {
      if (leadsToSignIn(context, denial) && isNavigation(context.head))
        return redirectReply(loginUrl(context), context.returnTo === undefined ? 302 : 303)
      return wantsPage(context.head) ? page(context, denial) : program(context, denial)
    },
    plainReplyTo(context, denial) {
      const headers = ['X-Gateway-Reason', denial.reason, 'X-Gateway-Login', loginUrl(context)]
      if (denial.status !== 401) return { status: 403, headers }
      return { status: 401, headers: [...headers, ...headersOf(context, denial, 401)] }
    },
  }
}

const SIGN_IN: ReadonlySet<string> = new Set(['/auth/login', '/auth/callback'])

/** The level that is missing, in words, as far as the denial is about one. */
const levelOf = ({ reason, explain }: Refusal) => (LEVELS.has(reason) ? explain : undefined)
const LEVELS: ReadonlySet<Reason> = new Set(['step-up-required', 'step-up-failed'])

/** The issuer authenticates a browser again; for a bearer token it can do nothing here. */
const leadsToSignIn = ({ caller }: RequestContext, { reason }: Refusal) =>
  reason === 'login-required' || (reason === 'step-up-required' && caller?.via === 'session')

const applicationTitle = ({ route }: RequestContext) => route && titleOf(route.config)

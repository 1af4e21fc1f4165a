import type { Clock } from '../../shared/clock.ts'
import type { AppProfile } from '../apps/profile.ts'
import { titleOf } from '../config/route-title.ts'
import type { Config } from '../config/schema.ts'
import { type Refusal, textOf } from '../errors.ts'
import { isNavigation, wantsPage } from '../http/navigation.ts'
import { problemDetails } from '../http/problem-details.ts'
import { pageReply, type Reply, redirectReply } from '../http/reply.ts'
import { loginPath } from '../pages/login-path.ts'
import { buildPages } from '../pages/pages.ts'
import { currentProjectsOf, type ProjectRules } from '../projects/current-projects-of.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { buildClientAdvice } from './client-advice.ts'
import { detailsOf, knownProjectOf } from './denial-details.ts'
import { asProxyChallenge, usesProxyChallenge } from './proxy-challenge.ts'

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

  /** Where the person wanted to go: a path on the public host, a whole URL on another. */
  function placeOf({ host, target }: RequestContext): string {
    const path = target === undefined ? '/' : target.query === '' ? target.path : `${target.path}?${target.query}`
    return host === '' || host === publicUrl.host ? path : `${publicUrl.protocol}//${host}${path}`
  }

  /** On the sign-in endpoints' own host where they say where a person returns to, else on the public host. */
  function loginUrl(context: RequestContext): string {
    const { returnTo } = context
    if (returnTo !== undefined) return loginPath(returnTo)
    return `${publicUrl.origin}/auth/login?return_to=${encodeURIComponent(placeOf(context))}`
  }

  /** Where the same request can be made again by a link. A sign-in starts again: its code may be spent. */
  function retryUrl(context: RequestContext): string | undefined {
    if (!isNavigation(context.head)) return undefined
    return SIGN_IN.has(context.endpoint ?? '') ? loginUrl(context) : placeOf(context)
  }

  function page(context: RequestContext, { reason, status, headers }: Refusal): Reply {
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
    }
    return pageReply(status, pages.refusal(view), headers)
  }

  /** The error format of the application, or problem details (RFC 9457). */
  function program(context: RequestContext, denial: Refusal): Reply {
    const text = textOf(denial.reason, applicationTitle(context))
    const write: AppProfile['refusal'] = context.route?.profile.refusal ?? context.dialect ?? problemDetails
    const message = `${text} ${adviceFor(context, denial) ?? denial.explain}`
    const isProxyChallenge = denial.status === 401 && usesProxyChallenge(context)
    const dialect = write(
      denial.reason,
      isProxyChallenge ? 407 : denial.status,
      message,
      context.head.requestId,
      context.traceId,
    )
    const { contentType, body, status = isProxyChallenge ? 407 : denial.status } = dialect
    const headers: Record<string, string> = { 'Content-Type': contentType, ...denial.headers }
    if (status === 401 || isProxyChallenge) {
      headers['WWW-Authenticate'] ??= 'Bearer'
      headers.Link = `<${loginUrl(context)}>; rel="login"`
    }
    const sent = isProxyChallenge ? asProxyChallenge(headers) : headers
    return { status, headers: Object.entries(sent).flat(), body }
  }

  return {
    replyTo(context, denial) {
      if (denial.reason === 'login-required' && isNavigation(context.head))
        return redirectReply(loginUrl(context), context.returnTo === undefined ? 302 : 303)
      return wantsPage(context.head) ? page(context, denial) : program(context, denial)
    },
    plainReplyTo(context, { reason, status }) {
      const headers = ['X-Gateway-Reason', reason, 'X-Gateway-Login', loginUrl(context)]
      return { status: status === 401 ? 401 : 403, headers }
    },
  }
}

const SIGN_IN: ReadonlySet<string> = new Set(['/auth/login', '/auth/callback'])

const applicationTitle = ({ route }: RequestContext) => route && titleOf(route.config)

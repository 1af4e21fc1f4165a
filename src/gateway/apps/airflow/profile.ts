import type { RouteConfig } from '../../config/schema.ts'
import type { AppProfile, AppReply, AppRequest } from '../profile.ts'
import { endedCookies, FAB_COOKIES } from './cookies.ts'
import { airflowOperation } from './operation.ts'
import { airflowUse, allowsEncodedSlash, isAirflowPage, isWorkerPath } from './paths.ts'

const NO_NAMES: ReadonlySet<string> = new Set()
const LOGIN = '/api/v2/auth/login'
/** FAB's page with one button per issuer. */
const CHOICE_PAGE = /^\/auth\/login\/?$/
const LOGOUTS: ReadonlySet<string> = new Set(['/api/v2/auth/logout', '/auth/logout', '/auth/logout/'])

/**
 * Airflow 3 below a prefix that is never stripped: its mounted applications respond only with the prefix, and its pages
 * name `base_url`. Both kinds of sign-in use the gateway's session; with `fab`, Airflow has a session of its own too.
 */
export function airflowProfile(route: RouteConfig): AppProfile {
  const shared: AppProfile = {
    app: 'airflow',
    stripPrefix: false,
    hostHeader: 'public',
    projectInPath: false,
    projectHeaders: [],
    dropRequestHeaders: NO_NAMES,
    // The auth manager reads the assertion from its own header.
    cookies: 'none',
    authorization: 'none',
    assertsProjects: true,
    hides: isWorkerPath,
    allowsInPath: (what, decodedPath) => what === 'encoded-slash' && allowsEncodedSlash(decodedPath),
    isPage: isAirflowPage,
    use: airflowUse,
    operation: airflowOperation,
    logoutPath: ({ method, path }) => method === 'GET' && LOGOUTS.has(path),
    refusal: (reason, _status, message, requestId, traceId) => ({
      contentType: 'application/json',
      body: JSON.stringify({ detail: message, reason, request_id: requestId, trace_id: traceId }),
    }),
  }
  return route.airflow?.login === 'fab' ? { ...shared, ...fabSignIn(route) } : { ...shared, ...assertionSignIn(route) }
}

/** Airflow's page opens this path after a 401. */
const assertionSignIn = (route: RouteConfig): Pick<AppProfile, 'loginPath'> => ({
  loginPath: (request) =>
    request.method === 'GET' && request.path === LOGIN ? { returnTo: nextOf(request) ?? `${route.path}/` } : undefined,
})

/**
 * Airflow is a relying party of its own for FAB's pages. The assertion is also sent as the bearer token, which Airflow
 * prefers to its cookies: a cookie from before a change of user or groups has no effect.
 */
const fabSignIn = (route: RouteConfig): Partial<AppProfile> => ({
  cookies: FAB_COOKIES,
  authorization: 'assertion',
  endCookies: () => endedCookies(route.path),
  reply: ({ request }) => skipChoicePage(route, request),
})

function skipChoicePage(route: RouteConfig, { method, path, query }: AppRequest): AppReply | undefined {
  if (method !== 'GET' || !CHOICE_PAGE.test(path)) return undefined
  const location = `${route.path}/auth/login/keycloak${query === '' ? '' : `?${query}`}`
  return { status: 302, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' }
}

const nextOf = ({ query }: AppRequest) => new URLSearchParams(query).get('next') || undefined

import type { RouteConfig } from '../../config/schema.ts'
import type { Answer, AppProfile, AppRequest } from '../profile.ts'
import { endedCookies, FAB_COOKIES } from './cookies.ts'
import { airflowUse, allowsEncodedSlash, isWorkerPath } from './paths.ts'

const NO_NAMES: ReadonlySet<string> = new Set()
const LOGIN = '/api/v2/auth/login'
/** FAB's page with one button per provider. */
const CHOICE_PAGE = /^\/auth\/login\/?$/
const LOGOUTS: ReadonlySet<string> = new Set(['/api/v2/auth/logout', '/auth/logout', '/auth/logout/'])

/**
 * Airflow 3 below a prefix that is never stripped: its mounted applications answer with the prefix only, and its pages
 * name `base_url`. Both ways of login end at the gateway's session; with `fab` Airflow keeps one of its own besides.
 */
export function airflowProfile(route: RouteConfig): AppProfile {
  const shared: AppProfile = {
    app: 'airflow',
    stripPrefix: false,
    hostHeader: 'public',
    projectInPath: false,
    projectHeaders: [],
    dropRequestHeaders: NO_NAMES,
    // The auth manager takes the assertion from its own header.
    cookies: 'none',
    authorization: 'none',
    assertsProjects: true,
    hides: isWorkerPath,
    allowsInPath: (what, decodedPath) => what === 'encoded-slash' && allowsEncodedSlash(decodedPath),
    use: airflowUse,
    logoutPath: ({ method, path }) => method === 'GET' && LOGOUTS.has(path),
    refusal: (reason, _status, message, requestId) => ({
      contentType: 'application/json',
      body: JSON.stringify({ detail: message, reason, request_id: requestId }),
    }),
  }
  return route.airflow?.login === 'fab' ? { ...shared, ...fabWay(route) } : { ...shared, ...assertionWay(route) }
}

/** Airflow's page sends its user here when a call was answered 401. */
const assertionWay = (route: RouteConfig): Pick<AppProfile, 'loginPath'> => ({
  loginPath: (request) =>
    request.method === 'GET' && request.path === LOGIN ? { returnTo: nextOf(request) ?? `${route.path}/` } : undefined,
})

/**
 * Airflow is a relying party of its own for FAB's pages. The assertion goes along as the bearer token, which Airflow
 * prefers to its cookies: a cookie that outlived a change of user or of groups decides nothing.
 */
const fabWay = (route: RouteConfig): Partial<AppProfile> => ({
  cookies: FAB_COOKIES,
  authorization: 'assertion',
  endCookies: () => endedCookies(route.path),
  answer: ({ request }) => skipChoicePage(route, request),
})

function skipChoicePage(route: RouteConfig, { method, path, query }: AppRequest): Answer | undefined {
  if (method !== 'GET' || !CHOICE_PAGE.test(path)) return undefined
  const location = `${route.path}/auth/login/keycloak${query === '' ? '' : `?${query}`}`
  return { status: 302, headers: { Location: location, 'Cache-Control': 'no-store' }, body: '' }
}

const nextOf = ({ query }: AppRequest) => new URLSearchParams(query).get('next') || undefined

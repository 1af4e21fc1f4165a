import type { Use } from '../../policy/types.ts'
import type { AppRequest } from '../profile.ts'

/** Lists that take their filters as a body, and settings of the caller alone. */
const READING_POSTS =
  /^\/api\/v2\/dags\/[^/]+\/(dagRuns\/list|dagRuns\/[^/]+\/taskInstances\/list|favorite|unfavorite)$/
/** The only paths below which Airflow accepts changes. */
const CHANGING = /^\/(api\/v2|ui|pluginsv2)\//
/** Airflow's own tokens: valid for a day, even after the session has ended or the groups have changed. */
const TOKENS = /^\/(ui\/auth\/token|auth\/token(\/.*)?)\/?$/
/** Users, roles and permissions of FAB. */
const FAB_API = /^\/auth\/fab\//
const FAB_PAGES = /^\/auth\//
/** Names that may contain a slash: Airflow's routers match the rest of the path. */
const NAMES_WITH_SLASH = [
  /^\/api\/v2\/(variables|pools)\/./,
  /^\/api\/v2\/dags\/[^/]+\/dagRuns\/[^/]+\/taskInstances\/[^/]+\/(xcomEntries|state-store)\/./,
  /^\/api\/v2\/assets\/[^/]+\/state-store\/./,
]

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** The API of workers: they send their tasks' tokens, and reach Airflow without the gateway. */
export const isWorkerPath = ({ decodedPath }: AppRequest) => /^\/execution(\/|$)/.test(decodedPath)

/** What a request does. Methods that Airflow does not serve, and changes outside its APIs, are denied. */
export function airflowUse({ method, decodedPath }: AppRequest): Use {
  if (TOKENS.test(decodedPath)) return 'denied'
  if (FAB_API.test(decodedPath)) return 'admin'
  if (SAFE.has(method)) return 'read'
  if (!UNSAFE.has(method)) return 'denied'
  if (method === 'POST' && READING_POSTS.test(decodedPath)) return 'read'
  if (FAB_PAGES.test(decodedPath)) return /^\/auth\/(login|register)/.test(decodedPath) ? 'denied' : 'admin'
  return CHANGING.test(decodedPath) ? 'write' : 'denied'
}

export const allowsEncodedSlash = (decodedPath: string) => NAMES_WITH_SLASH.some((name) => name.test(decodedPath))

/** The user interface serves one page under many addresses; its interfaces and files are elsewhere. */
export const isAirflowPage = ({ decodedPath }: AppRequest): boolean =>
  !/^\/(?:api|static|ui|auth|execution|edge_worker|docs|redoc|openapi\.json)(?:\/|$)/.test(decodedPath)

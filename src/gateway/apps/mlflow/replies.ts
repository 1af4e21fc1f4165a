import type { Admission, AppReply } from '../profile.ts'

/** Requests of MLflow's user interface and client to which the gateway responds itself: it knows users and projects. */
const USER = /^\/(?:ajax-)?api\/2\.0\/mlflow\/users\/current$/
const PERMISSIONS = /^\/(?:ajax-)?api\/3\.0\/mlflow\/users\/current\/permissions$/
const ROLES = /^\/(?:ajax-)?api\/3\.0\/mlflow\/users\/roles\/list$/
const WORKSPACES = /^\/(?:ajax-)?api\/3\.0\/mlflow\/workspaces(?:\/([^/]+))?$/
/** The page of a run lists the model endpoints, and shows a refusal as an error. */
const ENDPOINTS = /^\/ajax-api\/2\.0\/mlflow\/gateway-proxy$/

/** Whether the gateway responds itself, although the catalogue denies the route or does not list it. */
export const hasOwnReply = (method: string, path: string): boolean =>
  method === 'GET' && [USER, PERMISSIONS, ROLES, ENDPOINTS].some((each) => each.test(path))

export function replyFor(admitted: Admission): AppReply | undefined {
  const { method, decodedPath } = admitted.request
  if (method !== 'GET' || !/\/(?:users|workspaces|gateway-proxy)(?:\/|$)/.test(decodedPath)) return undefined
  if (USER.test(decodedPath)) return json(200, currentUser(admitted))
  if (PERMISSIONS.test(decodedPath)) return json(200, permissions(admitted))
  if (ROLES.test(decodedPath)) return json(200, { roles: [] })
  if (ENDPOINTS.test(decodedPath)) return json(200, { endpoints: [] })
  const workspaces = WORKSPACES.exec(decodedPath)
  return workspaces ? workspaceReply(admitted, workspaces[1]) : undefined
}

const json = (status: number, body: unknown): AppReply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})

/**
 * Shows the principal's name in the sidebar. `is_admin` stays false: it would show pages that administer MLflow's own
 * users, and there are none.
 */
const currentUser = ({ principal }: Admission) => ({
  user: { id: 0, username: principal?.username ?? '', is_admin: false },
  is_basic_auth: false,
})

/** The user interface hides actions without permission; the gateway authorizes each request itself. */
function permissions({ role, project }: Admission) {
  const permission = role === 'viewer' ? 'READ' : 'MANAGE'
  const grant = (resource_type: string) => ({
    role_id: 0,
    role_name: role,
    workspace: project?.id ?? '',
    resource_type,
    resource_pattern: '*',
    permission,
  })
  return { is_admin: role === 'admin', permissions: ['experiment', 'registered_model'].map(grant) }
}

/** MLflow would list every workspace to any caller; this lists the principal's own projects. */
function workspaceReply({ projects }: Admission, name: string | undefined): AppReply {
  const workspaces = projects().map((project) => ({ name: project.id, description: project.name }))
  if (name === undefined) return json(200, { workspaces })
  const workspace = workspaces.find((candidate) => candidate.name === name)
  if (workspace) return json(200, { workspace })
  return json(404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'There is no such project for you.' })
}

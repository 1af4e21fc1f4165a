import type { Admission, Answer } from '../profile.ts'

/** Requests of MLflow's own user interface and client that the gateway answers, because it knows better. */
const USER = /^\/(?:ajax-)?api\/2\.0\/mlflow\/users\/current$/
const PERMISSIONS = /^\/(?:ajax-)?api\/3\.0\/mlflow\/users\/current\/permissions$/
const ROLES = /^\/(?:ajax-)?api\/3\.0\/mlflow\/users\/roles\/list$/
const WORKSPACES = /^\/(?:ajax-)?api\/3\.0\/mlflow\/workspaces(?:\/([^/]+))?$/
/** The page of a run asks which model endpoints there are, and shows a refusal as an error. */
const ENDPOINTS = /^\/ajax-api\/2\.0\/mlflow\/gateway-proxy$/

/** Routes that the catalogue denies or does not know, and that are answered here all the same. */
export const isAnswered = (method: string, path: string): boolean =>
  method === 'GET' && [USER, PERMISSIONS, ROLES, ENDPOINTS].some((each) => each.test(path))

export function answerFor(admitted: Admission): Answer | undefined {
  const { method, decodedPath } = admitted.request
  if (method !== 'GET' || !/\/(?:users|workspaces|gateway-proxy)(?:\/|$)/.test(decodedPath)) return undefined
  if (USER.test(decodedPath)) return json(200, currentUser(admitted))
  if (PERMISSIONS.test(decodedPath)) return json(200, permissions(admitted))
  if (ROLES.test(decodedPath)) return json(200, { roles: [] })
  if (ENDPOINTS.test(decodedPath)) return json(200, { endpoints: [] })
  const workspaces = WORKSPACES.exec(decodedPath)
  return workspaces ? workspaceAnswer(admitted, workspaces[1]) : undefined
}

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})

/**
 * Puts the principal's name into the sidebar. `is_admin` stays false: it would open pages that administer MLflow's own
 * users, and there are none.
 */
const currentUser = ({ principal }: Admission) => ({
  user: { id: 0, username: principal?.username ?? '', is_admin: false },
  is_basic_auth: false,
})

/** The user interface hides what it would not be allowed to do; the judgement itself is the gateway's. */
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

/** MLflow would list every workspace to anyone; the principal's own projects are what there is to see. */
function workspaceAnswer({ projects }: Admission, name: string | undefined): Answer {
  const workspaces = projects().map((project) => ({ name: project.id, description: project.name }))
  if (name === undefined) return json(200, { workspaces })
  const workspace = workspaces.find((candidate) => candidate.name === name)
  if (workspace) return json(200, { workspace })
  return json(404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'There is no such project for you.' })
}

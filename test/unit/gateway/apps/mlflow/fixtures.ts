import type { Admission, AppRequest } from '../../../../../src/gateway/apps/profile.ts'
import { configSchema, type RouteConfig } from '../../../../../src/gateway/config/schema.ts'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import type { Principal, Project, Role } from '../../../../../src/gateway/policy/types.ts'

export const ALPHA: Project = {
  id: '11111111-1111-4111-8111-111111111111',
  name: 'alpha',
  groups: ['project-alpha'],
  viewerGroups: [],
}
export const BETA: Project = {
  ...ALPHA,
  id: '22222222-2222-4222-8222-222222222222',
  name: 'beta',
  groups: ['project-beta'],
}

const bob: Principal = {
  issuer: 'https://issuer.example',
  subject: 'sub-bob',
  kind: 'person',
  username: 'bob',
  groups: new Set(['project-alpha']),
  projectIds: new Set(),
}

export function askFor(line: string, headers: AppRequest['headers'] = {}): AppRequest {
  const [method = '', path = ''] = line.split(' ')
  return { method, path, decodedPath: path, query: '', headers }
}

/** bob's admitted request; `project` undefined: none was resolved. */
export function admit(line: string, over: Partial<Admission> & { role?: Role } = {}): Admission {
  return {
    request: askFor(line),
    principal: bob,
    role: 'editor',
    project: ALPHA,
    projects: () => [ALPHA],
    requestId: 'request-1',
    ...over,
  }
}

export function mlflowRoute(mlflow: object | undefined, upstream = 'http://127.0.0.1:1'): RouteConfig {
  const config = configSchema.parse({
    server: { publicUrl: 'http://127.0.0.1:4180' },
    issuer: { url: 'http://127.0.0.1:4182', clientId: 'gateway', clientSecret: 'a-secret-of-the-tests' },
    session: { secrets: ['0123456789abcdef0123456789abcdef'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'static', list: [] },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream, access: 'project', ...(mlflow && { mlflow }) },
    ],
  })
  return config.routes[0] as RouteConfig
}

/** The refusal that `run` ends with. */
export function refusalOf(run: () => unknown): Refusal {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was refused')
}

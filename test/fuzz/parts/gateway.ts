import { profileOf } from '../../../src/gateway/apps/profile-of.ts'
import { parseConfig } from '../../../src/gateway/config/load.ts'
import type { Principal, Project } from '../../../src/gateway/policy/types.ts'
import { buildRoutes } from '../../../src/gateway/routing/routes.ts'

/** The configuration, routes and caller that the targets share. */

export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'
export const HOST = 'o.example'

const UPSTREAM = 'http://127.0.0.1:5000'
const route = (name: string, app: string, path: string, access: string) => ({
  name,
  app,
  path,
  access,
  upstream: UPSTREAM,
})

export const config = parseConfig(
  // JSON is YAML.
  JSON.stringify({
    server: { publicUrl: `https://${HOST}` },
    issuer: { url: 'https://sso.example/', clientId: 'gateway', clientSecret: 'a-secret-of-the-fuzzer' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: [{ id: ALPHA, name: 'alpha', groups: ['project-alpha'] }] },
    routes: [
      route('notes', 'generic', '/notes', 'project'),
      route('ops', 'generic', '/notes/ops', 'admin'),
      route('mlflow', 'mlflow', '/mlflow', 'project'),
      route('airflow', 'airflow', '/airflow', 'member'),
      route('core', 'core', '/api', 'login'),
    ],
  }),
  'fuzz.yaml',
  {},
)

export const routes = buildRoutes(config, profileOf)

export const principal: Principal = {
  issuer: 'https://sso.example/',
  subject: 'bob-id',
  kind: 'person',
  username: 'bob',
  email: 'bob@o.example',
  groups: new Set(['project-alpha', 'a,b']),
  projectIds: new Set(),
}

export const project: Project = { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: [] }

import { ALPHA } from '../../infra/issuer/users.ts'

/** The routes of the cases, all to one upstream. */
export function attackRoutes(upstream: string) {
  const route = (name: string, access: string, more = {}) => ({
    name,
    app: 'generic',
    path: `/${name}`,
    access,
    upstream,
    ...more,
  })
  return [
    route('notes', 'project'),
    route('lobby', 'login', { webSockets: false }),
    route('lobby-admin', 'admin', { path: '/lobby/admin' }),
    route('ops', 'admin'),
    route('open', 'public'),
    route('tracking', 'project', {
      app: 'mlflow',
      mlflow: { tenancy: 'instance', instances: { [ALPHA]: upstream }, maxBodyBytes: 1024 },
    }),
    route('api', 'admin', { host: 'api.localhost:8443', path: '/' }),
  ]
}

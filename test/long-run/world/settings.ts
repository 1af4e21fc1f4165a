import { GATEWAY_CLIENT } from '../../../infra/issuer/clients.ts'
import { ALPHA, BETA, type IssuerUser } from '../../../infra/issuer/users.ts'
import { KIT_SECRET } from '../../kit.ts'

/** Short, so that every session is refreshed continuously. */
export const ACCESS_TOKEN_SECONDS = 20
/** The shortest that the gateway accepts: what left without signing out must not stay for the rest of the run. */
export const SESSION_IDLE_SECONDS = 60

export const PROJECTS = [
  { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
  { id: BETA, name: 'beta', groups: ['project-beta'] },
]

const GROUPS = [['project-alpha'], ['project-beta'], ['project-alpha', 'project-beta']] as const

/** Users of the run. Their projects differ, so that a crossed response is seen. */
export const USERS: readonly IssuerUser[] = Array.from({ length: 12 }, (_, index) => ({
  username: `user-${index}`,
  subject: `5a4e0000-0000-4000-8000-0000000001${String(index).padStart(2, '0')}`,
  name: `User ${index}`,
  groups: GROUPS[index % GROUPS.length] ?? [],
  enabled: true,
}))

/** The projects that a user may use. */
export const projectsOf = ({ groups }: Pick<IssuerUser, 'groups'>): string[] =>
  PROJECTS.filter((project) => project.groups.some((group) => groups.includes(group))).map(({ id }) => id)

export interface Addresses {
  readonly publicUrl: string
  readonly issuerUrl: string
  readonly store: string
  /** URLs of the two upstreams. */
  readonly first: string
  readonly second: string
}

/** What a reload changes. */
export interface Variant {
  readonly connectSeconds: number
  readonly title: string
}
export const FIRST_VARIANT: Variant = { connectSeconds: 5, title: 'Notes' }

export const settingsOf = (
  { publicUrl, issuerUrl, store, first, second }: Addresses,
  { port, adminPort }: { port: number; adminPort: number },
  { connectSeconds, title }: Variant = FIRST_VARIANT,
) => ({
  server: {
    listen: `127.0.0.1:${port}`,
    adminListen: `127.0.0.1:${adminPort}`,
    publicUrl,
    trustedProxies: ['127.0.0.1/32'],
    drainSeconds: 10,
  },
  issuer: {
    url: issuerUrl,
    clientId: GATEWAY_CLIENT.id,
    clientSecret: GATEWAY_CLIENT.secret,
    audiences: ['gateway'],
    timeoutSeconds: 15,
  },
  session: {
    secrets: [KIT_SECRET],
    store,
    // A machine under load must not look like a store that is down.
    storeTimeoutMs: 10_000,
    idleSeconds: SESSION_IDLE_SECONDS,
    refreshBeforeSeconds: 5,
    cacheSeconds: 2,
  },
  access: { adminGroup: 'modelops-admins' },
  projects: { source: 'static', list: PROJECTS },
  limits: { loginsPerMinute: 6000 },
  routes: [
    { name: 'notes', app: 'generic', path: '/notes', access: 'project', upstream: first, connectSeconds, title },
    { name: 'lab', app: 'generic', path: '/lab', access: 'project', upstream: second, connectSeconds },
    { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: second },
    { name: 'ops', app: 'generic', path: '/ops', access: 'admin', upstream: first },
  ],
})

/** A route of the run, and the upstream behind it. */
export interface RunRoute {
  readonly path: string
  readonly upstream: string
  readonly needsProject: boolean
}

export const ROUTES: readonly RunRoute[] = [
  { path: '/notes', upstream: 'first', needsProject: true },
  { path: '/lab', upstream: 'second', needsProject: true },
  { path: '/lobby', upstream: 'second', needsProject: false },
]

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admission } from '../../../../src/gateway/apps/profile.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { buildReauthorize } from '../../../../src/gateway/forward/reauthorize.ts'
import type { RequestHead } from '../../../../src/gateway/http/request-head.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { StepUp } from '../../../../src/gateway/policy/step-up.ts'
import type { Principal, Role } from '../../../../src/gateway/policy/types.ts'
import { fixedSource } from '../../../../src/gateway/projects/source.ts'
import { openContext, type RequestContext } from '../../../../src/gateway/routing/request-context.ts'
import type { Route } from '../../../../src/gateway/routing/routes.ts'
import type { Credentials } from '../../../../src/gateway/tokens/authenticate.ts'
import type { Caller } from '../../../../src/gateway/tokens/caller.ts'

const ALPHA = {
  id: '11111111-1111-4111-8111-111111111111',
  name: 'alpha',
  groups: ['alpha'],
  viewerGroups: ['readers'],
}
const BETA = { id: '22222222-2222-4222-8222-222222222222', name: 'beta', groups: ['beta'], viewerGroups: [] }
const NOW = Date.UTC(2026, 0, 1)
const OVERRUN_MS = 60_000

const who = (...groups: string[]): Principal => ({
  ...{ issuer: 'https://sso.example', subject: 's', kind: 'person', username: 'u' },
  ...{ groups: new Set(groups), projectIds: new Set<string>() },
})

/** A JWT that nobody verifies any more. @param seconds until it expires */
const tokenFor = (seconds: number) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ exp: NOW / 1000 + seconds })}.c2ln`
}

interface Case {
  readonly access?: 'project' | 'member' | 'login' | 'admin' | 'public'
  readonly use?: 'read' | 'write'
  /** The role and project at the beginning. */
  readonly role?: Role
  readonly project?: typeof ALPHA | undefined
  readonly anonymous?: boolean
  /** Who the caller is now; undefined: nobody. */
  readonly now?: Principal | undefined | Refusal
  readonly projects?: (typeof ALPHA)[]
  readonly outlivesToken?: boolean
  /** The bearer token's expiry, seconds from now. */
  readonly token?: number
  readonly scheme?: string
  /** Where the route has the credentials for the gateway. */
  readonly credentials?: 'proxy-authorization'
  readonly selected?: string
  /** The route of today; undefined: none covers the request. */
  readonly route?: { readonly name?: string; readonly webSockets?: boolean } | undefined
  readonly webSocket?: boolean
  /** Whether a cookie came with the token. */
  readonly session?: boolean
  readonly cookie?: () => Caller
  /** What the route demands, and when the caller authenticated, seconds ago. */
  readonly stepUp?: StepUp
  readonly authenticated?: number
}

const HANDSHAKE = { upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }

async function judge(given: Case): Promise<string> {
  const { access = 'project', use = 'write', role = 'editor', anonymous = false, now, token } = given
  const began = who('alpha')
  const headers = {
    ...(token === undefined ? {} : { authorization: `${given.scheme ?? 'Bearer'} ${tokenFor(token)}` }),
    ...(given.webSocket ? HANDSHAKE : {}),
  }
  const routeOf = ({ name = 'mlflow', webSockets = true } = {}) =>
    ({
      name,
      config: { access, webSockets, credentials: given.credentials },
      profile: { use: () => use },
      stepUp: given.stepUp,
    }) as unknown as Route
  const present = 'route' in given ? given.route && routeOf(given.route) : routeOf()
  const caller: Caller =
    token === undefined || given.session
      ? { principal: began, via: 'session' }
      : { principal: began, via: 'bearer', token: tokenFor(token) }
  const project = 'project' in given ? given.project : ALPHA
  const context: RequestContext = {
    ...openContext({ method: 'GET', headers, rawHeaders: [], clientAddress: '192.0.2.1' } as unknown as RequestHead),
    host: 'o.example',
    target: { path: '/mlflow/', decodedPath: '/mlflow/', query: '', oddities: [] },
    route: routeOf(),
    caller,
    admission: { request: {}, principal: anonymous ? undefined : began, role, project } as unknown as Admission,
  }
  const authenticate = async ({ head, isReauthorization }: Credentials) => {
    // A proof of possession was used when the request began.
    if (given.scheme === 'DPoP' && head.headers.authorization !== undefined && isReauthorization !== true)
      throw new Refusal('proof-invalid', 'used before')
    if (given.session && head.headers.authorization === undefined) return given.cookie?.()
    if (now instanceof Refusal) throw now
    const at = given.authenticated === undefined ? {} : { authenticatedAt: NOW - given.authenticated * 1000 }
    const session = { selectedProject: given.selected, ...at } as NonNullable<Caller['session']>
    return now && { principal: now, via: 'session' as const, session }
  }
  const reauthorize = buildReauthorize({
    authenticate,
    routes: { match: () => present },
    projects: fixedSource(new ListedProjects(given.projects ?? [ALPHA, BETA])),
    rules: { adminGroup: 'admins', serviceUsers: new Set() },
    clock: () => NOW,
    overrunMs: OVERRUN_MS,
  })
  return reauthorize(context, given.outlivesToken ?? true).then(
    () => 'goes on',
    (error: Refusal) => error.reason,
  )
}

const living = (): Caller => ({ principal: who('alpha'), via: 'session' })
const expired = new Refusal('token-invalid', 'expired')

const AGED: StepUp = { acr: undefined, maxAgeSeconds: 600, clockSkewSeconds: 0, permitsMachines: false }

const rows: [string, string, Case][] = [
  ['who authenticated recently', 'goes on', { now: who('alpha'), stepUp: AGED, authenticated: 600 }],
  ['a response past the maximum age', 'goes on', { now: who('alpha'), stepUp: AGED, authenticated: 601 }],
  [
    'a response past the maximum age and the overrun',
    'step-up-required',
    { now: who('alpha'), stepUp: AGED, authenticated: 661 },
  ],
  [
    'a WebSocket past the maximum age',
    'step-up-required',
    { now: who('alpha'), stepUp: AGED, authenticated: 601, outlivesToken: false, webSocket: true },
  ],
  [
    'a WebSocket where a reload demands a level',
    'step-up-required',
    { now: who('alpha'), stepUp: { ...AGED, acr: ['gold'] }, authenticated: 1, outlivesToken: false, webSocket: true },
  ],
  ['a member of the project', 'goes on', { now: who('alpha') }],
  ['nobody any more', 'login-required', { now: undefined }],
  ['who left the project', 'not-in-project', { now: who('beta') }],
  ['whose project is gone', 'not-in-project', { now: who('alpha'), projects: [BETA] }],
  ['who left the project and selected another', 'not-in-project', { now: who('beta'), selected: BETA.id }],
  ['who may only read now, and writes', 'viewer-read-only', { now: who('readers') }],
  ['who may only read now, and reads as an editor', 'viewer-read-only', { now: who('readers'), use: 'read' }],
  ['a reader who reads', 'goes on', { now: who('readers'), use: 'read', role: 'viewer' }],
  ['a reader who may write now', 'goes on', { now: who('alpha'), use: 'read', role: 'viewer' }],
  ['an administrator of before, a member now', 'admin-only', { now: who('alpha'), role: 'admin' }],
  ['an administrator of before, of another project now', 'not-in-project', { now: who('beta'), role: 'admin' }],
  ['an administrator who is one', 'goes on', { now: who('admins'), role: 'admin' }],
  ['nobody on a public route', 'goes on', { access: 'public', anonymous: true, now: undefined }],
  ['somebody on a login route', 'goes on', { access: 'login', role: 'user', project: undefined, now: who() }],
  ['nobody on a login route', 'login-required', { access: 'login', role: 'user', project: undefined, now: undefined }],
  ['a token that still counts', 'goes on', { token: 60, now: who('alpha') }],
  ['a token that was withdrawn before its end', 'token-invalid', { token: 60, now: expired }],
  ['a token that expired, within the overrun', 'goes on', { token: -30, now: expired }],
  ['a token that expired, in a project that is gone', 'not-in-project', { token: -30, now: expired, projects: [BETA] }],
  ['a token that expired, past the overrun', 'token-invalid', { token: -60, now: expired }],
  ['a token that expired, on a WebSocket', 'token-invalid', { token: -1, now: expired, outlivesToken: false }],
  [
    'a token that expired, beside a living session',
    'goes on',
    { token: -30, now: expired, session: true, cookie: living },
  ],
  ['a token that expired, beside a session that ended', 'login-required', { token: -30, now: expired, session: true }],
  ['a token that is bound to a key', 'goes on', { token: 60, scheme: 'DPoP', now: who('alpha') }],
  ['a bound token that was withdrawn', 'token-invalid', { token: 60, scheme: 'DPoP', now: expired }],
  ['a bound token that expired, within the overrun', 'goes on', { token: -30, scheme: 'DPoP', now: expired }],
  ['a bound token that expired, past the overrun', 'token-invalid', { token: -60, scheme: 'DPoP', now: expired }],
  ['Basic credentials that are wrong now', 'token-invalid', { token: -30, scheme: 'Basic', now: expired }],
  [
    'an expiry in an Authorization that is for the upstream',
    'token-invalid',
    { token: -30, now: expired, credentials: 'proxy-authorization' },
  ],
  ['whose route is gone', 'no-route', { now: who('alpha'), route: undefined }],
  ['whose path is another application’s now', 'no-route', { now: who('alpha'), route: { name: 'other' } }],
  ['a WebSocket', 'goes on', { now: who('alpha'), webSocket: true }],
  [
    'a WebSocket where there are none any more',
    'app-denied',
    { now: who('alpha'), webSocket: true, route: { webSockets: false } },
  ],
  ['a stream where there are no WebSockets', 'goes on', { now: who('alpha'), route: { webSockets: false } }],
  ['a store that is away', 'store-down', { now: new Refusal('store-down', 'away') }],
]
for (const [name, outcome, given] of rows) {
  test(`asked again about ${name}: ${outcome}`, async () => assert.equal(await judge(given), outcome))
}

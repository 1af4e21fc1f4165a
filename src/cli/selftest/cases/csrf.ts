import { type Case, fail, pass } from '../case.ts'
import { ofResponse, oneOf, refused, shown } from '../judges.ts'
import { parseSetCookie } from '../set-cookie.ts'
import { headerOf, headersOf } from '../wire/response.ts'
import { type Account, type Ask, anyOf, type World, withoutCookie, withoutPath } from '../world.ts'
import { each, FOREIGN, type Variants } from './each.ts'

const section = 'csrf' as const
const ORIGIN =
  'Forward Origin and Sec-Fetch-Site unchanged: without them the gateway cannot tell pages of other sites. Check server.publicUrl and cors.allowedOrigins.'

const FORM = 'Content-Type: application/x-www-form-urlencoded'
const CROSS_SITE = [`Origin: https://${FOREIGN}`, 'Sec-Fetch-Site: cross-site']

const post = (target: string, lines: readonly string[]): Ask => ({
  ...{ method: 'POST', target, lines: [FORM, ...lines], body: '', accept: 'application/json' },
})

const crossSite = (id: string, title: string, sent: string, variants: (world: World) => Variants): Case => ({
  ...{ id: `csrf-${id}`, section, title, sent, demanded: 'a denial (4xx)', fix: ORIGIN },
  source: 'ASVS 5.0 3.5.1, CWE-352',
  run: (world) => each(world, variants(world), refused),
})

const origins = ({ host, place }: World) => [
  'null',
  `https://${FOREIGN}`,
  `${place.tls ? 'https' : 'http'}://${host}.${FOREIGN}`,
  `${place.tls ? 'https' : 'http'}://selftest${host}`,
  `${place.tls ? 'http' : 'https'}://${host}`,
]

/** Unsafe requests to an application, with the session of the test account. The path exists nowhere. */
const atApplication = (id: string, title: string, requests: (target: string) => Variants, sent: string): Case => ({
  ...{ id: `csrf-${id}`, section, title, sent, demanded: '403', source: 'ASVS 5.0 3.5.1, CWE-352', fix: ORIGIN },
  missing: anyOf(withoutPath, withoutCookie),
  run(world) {
    const { line, project } = world.first as Account
    const own = [line, ...(project === undefined ? [] : [`AOA-Project-ID: ${project}`])]
    // One segment alone may name a project, whose page is somewhere else.
    const variants = requests(`${world.found.protectedPath}selftest/no-such-path`).map(
      ([label, request]) => [label, { ...request, lines: [...own, ...(request.lines ?? [])] }] as const,
    )
    return each(world, variants, oneOf(403))
  },
})

const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const KEY = 'Sec-WebSocket-Key: c2VsZnRlc3Qgc2VsZnRlcw=='

export const csrfCases: readonly Case[] = [
  crossSite(
    'sign-out',
    'Another site cannot sign a user out',
    'POST /auth/logout and /auth/logout-everywhere as a page of another site would, without credentials',
    () => [
      ['/auth/logout', post('/auth/logout', CROSS_SITE)],
      ['/auth/logout-everywhere', post('/auth/logout-everywhere', CROSS_SITE)],
    ],
  ),
  crossSite(
    'project',
    'Another site cannot select a project',
    'POST /auth/project as a page of another site would, without credentials',
    () => [['/auth/project', post('/auth/project', CROSS_SITE)]],
  ),
  crossSite(
    'origins',
    'Origins that look like the deployment’s are not its own',
    'POST /auth/logout with the origins null, of another host, with the host as a part, and of the other scheme',
    (world) => origins(world).map((origin) => [origin, post('/auth/logout', [`Origin: ${origin}`])]),
  ),
  crossSite(
    'same-site',
    'A page of a sibling host is another origin',
    'POST /auth/logout with Sec-Fetch-Site: same-site, and with cross-site, without Origin',
    () => ['same-site', 'cross-site'].map((site) => [site, post('/auth/logout', [`Sec-Fetch-Site: ${site}`])]),
  ),
  {
    ...{ id: 'csrf-method-override', section, title: 'A header cannot turn a GET into a POST' },
    sent: 'GET /auth/logout with X-HTTP-Method-Override: POST, X-HTTP-Method and X-Method-Override',
    demanded: 'nobody is signed out: no cookie is removed',
    ...{ source: 'ASVS 5.0 4.1.4, CWE-650', fix: 'Turn method overrides off in the proxy in front.' },
    run(world) {
      const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']
      const variants = names.map((name) => [name, { target: '/auth/logout', lines: [`${name}: POST`] }] as const)
      return each(world, variants, (received) =>
        ofResponse(received, (response) =>
          headersOf(response, 'set-cookie').some((line) => parseSetCookie(line).isRemoval)
            ? fail(`${shown(response)}: a cookie is removed`)
            : pass(shown(response)),
        ),
      )
    },
  },
  {
    ...{ id: 'csrf-login', section, title: 'A callback that this browser did not start signs nobody in' },
    sent: 'GET /auth/callback with an invented code and state',
    demanded: 'a denial (4xx) that sets no session',
    ...{ source: 'RFC 9700 §4.7, CVE-2017-1000069, CWE-352', fix: 'Send /auth/ to the gateway unchanged.' },
    run: (world) =>
      each(world, [['/auth/callback', { target: '/auth/callback?code=selftest&state=selftest' }]], (received) =>
        ofResponse(received, (response) => {
          const sets = headersOf(response, 'set-cookie').map(parseSetCookie)
          const session = sets.find(({ name, isRemoval }) => name === world.found.sessionCookie && !isRemoval)
          if (session !== undefined) return fail(`${shown(response)}: the session cookie is set`)
          return refused(received)
        }),
      ),
  },
  {
    ...{ id: 'csrf-cors', section, title: 'Other origins cannot read responses' },
    sent: 'GET of /auth/session and of /auth/client-config, and a preflight, with a foreign Origin and with null',
    demanded: 'no Access-Control-Allow-Origin for these origins, and no * with credentials',
    ...{
      source: 'ASVS 5.0 3.4.2, CWE-942',
      fix: 'List origins in cors.allowedOrigins; let no proxy add CORS headers.',
    },
    run(world) {
      const foreign = [`https://${FOREIGN}`, 'null'].flatMap((origin): Variants => {
        const lines = [`Origin: ${origin}`]
        const preflight = [...lines, 'Access-Control-Request-Method: PUT']
        return [
          [`/auth/session for ${origin}`, { target: '/auth/session', lines }],
          [`/auth/client-config for ${origin}`, { target: '/auth/client-config', lines }],
          [`preflight for ${origin}`, { method: 'OPTIONS', target: '/auth/session', lines: preflight }],
        ]
      })
      return each(world, foreign, (received) =>
        ofResponse(received, (response) => {
          const allowed = headerOf(response, 'access-control-allow-origin')
          const credentials = headerOf(response, 'access-control-allow-credentials')
          const isOpen = allowed !== undefined && (allowed !== '*' || credentials === 'true')
          return isOpen && allowed !== world.origin ? fail('the origin is allowed') : pass('the origin is not allowed')
        }),
      )
    },
  },
  atApplication(
    'application',
    'A form on another site changes nothing in an application',
    (target) => [
      ['another origin', post(target, CROSS_SITE)],
      ['origin null', post(target, ['Origin: null', 'Sec-Fetch-Site: cross-site'])],
      ['no origin', post(target, ['Sec-Fetch-Site: cross-site'])],
      ['same site', { method: 'DELETE', target, lines: ['Sec-Fetch-Site: same-site'] }],
    ],
    'POST and DELETE of a path that does not exist, with the session of the test account, as other sites would',
  ),
  atApplication(
    'websocket',
    'A page of another site opens no WebSocket',
    (target) => [
      ['another origin', { target, lines: [...WEBSOCKET, KEY, `Origin: https://${FOREIGN}`] }],
      ['no origin', { target, lines: [...WEBSOCKET, KEY] }],
    ],
    'a WebSocket handshake with the session of the test account and a foreign origin, or none',
  ),
  {
    ...{ id: 'csrf-get-sign-out', section, title: 'A link cannot sign a user out' },
    sent: 'GET /auth/logout with the session of the test account as an image of another site; then GET /auth/session',
    demanded: 'the session still works',
    ...{ source: 'ASVS 5.0 3.5.3, CWE-352', fix: 'Send /auth/ to the gateway unchanged.', missing: withoutCookie },
    async run(world) {
      const { line } = world.first as Account
      const lines = [line, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image']
      const followed = ofResponse(await world.ask({ target: '/auth/logout', lines }), () => pass('followed'))
      if (followed.status !== 'pass') return followed
      return oneOf(200)(await world.ask({ target: '/auth/session', lines: [line] }))
    },
  },
]

import { type Case, fail, pass, type Verdict } from '../case.ts'
import { denial, denied, ofResponse, orClosed, refused, shown, withinDeployment } from '../judges.ts'
import { parseSetCookie } from '../set-cookie.ts'
import { headerOf, headersOf, type Response } from '../wire/response.ts'
import type { Received } from '../wire/send.ts'
import { type Ask, type World, withoutPath } from '../world.ts'
import { each, FOREIGN, withLines } from './each.ts'

const section = 'forward-auth' as const
const VERIFY =
  'Respond to /auth/verify with 404 in the proxy in front, in every spelling, as the shipped Caddyfile does. List only that proxy in server.trustedProxies.'
const OVERWRITE =
  'Let the proxy in front overwrite X-Forwarded-* and remove X-Original-URL, X-Rewrite-URL and Forwarded. List only that proxy in server.trustedProxies.'

const QUESTION = ['X-Forwarded-Method: GET', 'X-Forwarded-Uri: /healthz', 'X-Forwarded-For: 127.0.0.1']

/** An identity or an assertion is for proxies alone. */
const tellsNothing = (received: Received): Verdict =>
  ofResponse(received, (response) => {
    const names = ['x-gateway-assertion', 'x-forwarded-user', 'x-forwarded-groups', 'aoa-project-id']
    const told = names.filter((name) => headerOf(response, name) !== undefined)
    return told.length > 0 ? fail(`the response contains ${told.join(', ')}`) : refused(received)
  })

/** A request that is denied as it is, with headers that claim that it is another one. */
const claiming = (id: string, title: string, lines: readonly (string | readonly string[])[], source: string): Case => ({
  ...{ id: `forward-auth-${id}`, section, title, source, fix: OVERWRITE },
  sent: `GET of a path that needs a sign-in, without credentials, with ${[...new Set(lines.flat().map((line) => line.split(':', 1)[0]))].join(', ')}`,
  demanded: 'a denial (4xx) or the redirect to the sign-in',
  missing: withoutPath,
  run: (world) =>
    each(world, withLines({ target: world.found.protectedPath ?? '/' }, lines), (received) =>
      orClosed(world, received, (each) => denied(world, each)),
    ),
})

/** The response must not contain what the header claims. */
const notTaken = (
  id: string,
  title: string,
  lines: readonly (string | readonly string[])[],
  isTaken: (response: Response, world: World) => string | undefined,
  source: string,
): Case => ({
  ...{ id: `forward-auth-${id}`, section, title, source, fix: OVERWRITE },
  sent: `GET /auth/login with ${[...new Set(lines.flat().map((line) => line.split(':', 1)[0]))].join(', ')}`,
  demanded: 'addresses and cookies as without these headers, or a denial',
  run: (world) =>
    each(world, withLines({ target: '/auth/login' }, lines), (received) =>
      orClosed(world, received, (each) =>
        ofResponse(each, (response) => {
          const taken = isTaken(response, world)
          return taken === undefined ? pass(shown(response)) : fail(`${shown(response)}: ${taken}`)
        }),
      ),
    ),
})

const hasForeignHost = (response: Response): string | undefined => {
  const location = decodeURIComponent(headerOf(response, 'location')?.replaceAll(/%(?![0-9a-f]{2})/gi, '') ?? '')
  const isInCookie = headersOf(response, 'set-cookie').some((line) => line.includes(FOREIGN))
  if (location.includes(FOREIGN)) return 'the other host is in the redirect'
  return isInCookie ? 'the other host is in a cookie' : undefined
}

function hasPlainHttp(response: Response, { place, host, found }: World): string | undefined {
  if (!place.tls) return undefined
  const location = decodeURIComponent(headerOf(response, 'location') ?? '')
  if (location.includes(`http://${host}`)) return 'the redirect contains an http address of this host'
  const cookies = headersOf(response, 'set-cookie').map(parseSetCookie)
  // Without these headers they are without Secure as well: that is another case.
  if (found.cookies.some(({ isSecure }) => !isSecure)) return undefined
  return cookies.some(({ isSecure }) => !isSecure) ? 'a cookie without Secure' : undefined
}

const foreignHost = (world: World, received: Received): Verdict =>
  ofResponse(received, (response) => {
    if (response.status >= 300 && response.status < 400) {
      const taken = hasForeignHost(response)
      return taken === undefined ? withinDeployment(world, response) : fail(taken)
    }
    if (response.status >= 400 && response.status < 500) return pass(shown(response))
    // A server with other sites may serve its own page: it must not be this deployment.
    return response.status === 200 && response.body !== '' ? fail(`served: ${shown(response)}`) : denial(response)
  })

const asVerify = (target: string): readonly [string, Ask] => [target, { target, lines: QUESTION }]

export const forwardAuthCases: readonly Case[] = [
  {
    ...{ id: 'forward-auth-verify', section, title: 'Clients cannot use the forward-auth endpoint', fix: VERIFY },
    sent: 'GET /auth/verify in several spellings, with headers of a proxy',
    demanded: 'a denial (4xx) without identity headers',
    source: 'CVE-2026-25748, CWE-441',
    run: (world) =>
      each(
        world,
        [
          '/auth/verify',
          '/auth/verify?for=nginx',
          '/auth//verify',
          '/Auth/Verify',
          '/auth/%76erify',
          '/auth/x/../verify',
        ].map(asVerify),
        (received) => orClosed(world, received, tellsNothing),
      ),
  },
  claiming(
    'original-url',
    'X-Original-URL and X-Rewrite-URL do not replace the path',
    [
      ['X-Original-URL: /healthz', 'X-Original-URI: /healthz'],
      'X-Rewrite-URL: /auth/signed-out',
      'X-Original-URL: /auth/login',
    ],
    'CVE-2018-14773, CWE-436',
  ),
  claiming(
    'forwarded-uri',
    'X-Forwarded-Uri and X-Forwarded-Method do not replace the request',
    [
      ['X-Forwarded-Uri: /healthz', 'X-Forwarded-Method: GET'],
      ['X-Forwarded-Uri: /auth/login', 'X-Forwarded-Prefix: /auth'],
      ['X-Forwarded-Method: OPTIONS', 'X-Original-Method: OPTIONS'],
    ],
    'CVE-2026-40575, CWE-807',
  ),
  claiming(
    'forwarded-for',
    'The address of a client opens nothing',
    [
      'X-Forwarded-For: 127.0.0.1',
      'X-Real-IP: 127.0.0.1',
      'Forwarded: for=127.0.0.1;host=localhost',
      'X-Client-IP: ::1',
    ],
    'CVE-2024-21494, CWE-348',
  ),
  notTaken(
    'forwarded-host',
    'X-Forwarded-Host makes no address',
    [
      `X-Forwarded-Host: ${FOREIGN}`,
      `Forwarded: host=${FOREIGN};proto=https`,
      [`X-Forwarded-Host: ${FOREIGN}`, `X-Forwarded-Server: ${FOREIGN}`, `X-Host: ${FOREIGN}`],
    ],
    hasForeignHost,
    'CVE-2024-21498, ASVS 5.0 4.1.3, CWE-644',
  ),
  notTaken(
    'forwarded-proto',
    'X-Forwarded-Proto changes no address and no cookie',
    ['X-Forwarded-Proto: http', 'X-Forwarded-Scheme: http', 'X_Forwarded_Proto: http'],
    hasPlainHttp,
    'GHSA-qr9h-pfv3-8xjr, CWE-807',
  ),
  {
    ...{ id: 'forward-auth-host', section, title: 'A foreign Host is not served', fix: 'Serve the known host alone.' },
    sent: 'GET /auth/login and of a protected path with a Host that is not the deployment’s, and as absolute-form',
    demanded: 'a denial (4xx), or a response that does not use this host',
    source: 'RFC 9110 §7.4, ASVS 5.0 4.1.3, CWE-644',
    run(world) {
      const path = world.found.protectedPath ?? '/auth/session'
      return each(
        world,
        [
          ['/auth/login', { target: '/auth/login', host: FOREIGN }],
          ['a protected path', { target: path, host: FOREIGN }],
          ['absolute-form', { target: `http://${FOREIGN}/auth/login` }],
        ],
        (received) => orClosed(world, received, (each) => foreignHost(world, each)),
      )
    },
  },
]

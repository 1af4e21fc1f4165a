import { type Case, fail, pass, type Verdict } from '../case.ts'
import { ofResponse, orClosed, shown, withinDeployment } from '../judges.ts'
import { headerOf, headersOf, type Response } from '../wire/response.ts'
import type { Received } from '../wire/send.ts'
import type { Ask, World } from '../world.ts'
import { each, FOREIGN, type Variants } from './each.ts'

const section = 'redirects' as const
const fix =
  'Let only the gateway decide where a sign-in and a sign-out return to. Remove redirects of the proxy in front that are built from a parameter, from the path or from Host.'
const source = 'RFC 9700 §4.11.1, ASVS 5.0 3.7.2, CWE-601'
const demanded = 'no redirect to another origin than the deployment’s and the issuer’s'

/** Spellings that some browser or parser reads as an address of another host. */
const ADDRESSES = [
  `https://${FOREIGN}/`,
  `//${FOREIGN}/`,
  `/\\${FOREIGN}/`,
  `/%09/${FOREIGN}/`,
  `https:${FOREIGN}`,
  `///${FOREIGN}`,
  `/%5c${FOREIGN}`,
  `javascript:alert(1)//${FOREIGN}`,
]
/** Names by which products take a return address. One request has them all, so that few sign-ins are started. */
const NAMES = ['return_to', 'rd', 'returnTo', 'redirect', 'redirect_uri', 'next', 'url', 'post_logout_redirect_uri']

const query = (address: string) => NAMES.map((name) => `${name}=${encodeURIComponent(address)}`).join('&')

/** A redirect of the response, whatever its status. */
const stays = (world: World, received: Received): Verdict =>
  ofResponse(received, (response) => {
    if (response.status >= 300 && response.status < 400) return withinDeployment(world, response)
    const refresh = headerOf(response, 'refresh')
    if (refresh?.includes(FOREIGN)) return fail(`${shown(response)}: Refresh leads to another origin`)
    return pass(shown(response))
  })

/** Whether a page links or moves on to the foreign host. The gateway's pages show what they accepted, and nothing else. */
const staysOnPage = (world: World, received: Received): Verdict => {
  const verdict = stays(world, received)
  if (verdict.status !== 'pass' || received.kind !== 'response') return verdict
  const { first } = received
  return first.status === 200 && first.body.includes(FOREIGN)
    ? fail(`${shown(first)}: the page contains the address of the other host`)
    : verdict
}

const redirecting = (
  id: string,
  title: string,
  sent: string,
  variants: (world: World) => Variants,
  judge = stays,
): Case => ({
  ...{ id: `redirects-${id}`, section, title, sent, demanded, source, fix },
  run: (world) => each(world, variants(world), (received) => orClosed(world, received, (each) => judge(world, each))),
})

const html = 'text/html'
const form = (target: string, address: string, origin: string): Ask => ({
  ...{ method: 'POST', target, accept: html, body: query(address) },
  lines: ['Content-Type: application/x-www-form-urlencoded', `Origin: ${origin}`],
})

/** The address that the issuer sends the browser back to. */
function callbackOf(response: Response): string | undefined {
  const location = URL.parse(headerOf(response, 'location') ?? '')
  return location?.searchParams.get('redirect_uri') ?? undefined
}

export const redirectCases: readonly Case[] = [
  redirecting(
    'sign-in',
    'A sign-in is no open redirect',
    `GET /auth/login with other hosts in ${NAMES.join(', ')}`,
    () => ADDRESSES.map((address) => [address, { target: `/auth/login?${query(address)}` }]),
  ),
  redirecting(
    'sign-in-page',
    'The page that starts a sign-in does not lead elsewhere',
    'GET /auth/login as a browser does, with other hosts as return address',
    () =>
      ADDRESSES.slice(0, 4).map((address) => [
        address,
        { target: `/auth/login?${query(address)}`, lines: ['Sec-Fetch-Mode: navigate'], accept: html },
      ]),
    staysOnPage,
  ),
  redirecting(
    'sign-out',
    'A sign-out is no open redirect',
    'POST /auth/logout with other hosts as return address, without credentials',
    ({ origin }) => ADDRESSES.map((address) => [address, form('/auth/logout', address, origin)]),
  ),
  redirecting(
    'sign-out-page',
    'The pages of a sign-out do not lead elsewhere',
    'GET /auth/logout and /auth/signed-out with other hosts in every parameter',
    () =>
      ADDRESSES.slice(0, 4).flatMap(
        (address): Variants => [
          [address, { target: `/auth/logout?${query(address)}`, accept: html }],
          [
            address,
            { target: `/auth/signed-out?state=${encodeURIComponent(address)}&${query(address)}`, accept: html },
          ],
        ],
      ),
    staysOnPage,
  ),
  redirecting('path', 'A path is no open redirect', 'GET of paths that browsers read as another host', () =>
    [
      `//${FOREIGN}/`,
      `//${FOREIGN}/..`,
      `/\\${FOREIGN}`,
      `/%5c${FOREIGN}/`,
      `/%2f${FOREIGN}/`,
      `/auth//${FOREIGN}`,
      `//${FOREIGN}/%2e%2e`,
    ].map((target) => [target, { target, accept: html }]),
  ),
  redirecting(
    'protected-path',
    'The redirect to the sign-in takes no other host from the path',
    'GET of such paths below a path that needs a sign-in, as a browser',
    ({ found }) =>
      [`/${FOREIGN}/`, `//${FOREIGN}/`, `?x=//${FOREIGN}/`].map((end) => [
        end,
        { target: `${found.protectedPath ?? '/'}${end}`, lines: ['Sec-Fetch-Mode: navigate'], accept: html },
      ]),
  ),
  {
    ...{ id: 'redirects-header-injection', section, title: 'A return address ends no header line' },
    sent: 'GET /auth/login with an encoded line break and a header in return_to',
    demanded: 'no header of this name in the response',
    ...{ source: 'RFC 9110 §5.5, CWE-113', fix },
    run: (world) =>
      each(
        world,
        ['/auth/login', '/auth/logout'].map((path) => [
          path,
          { target: `${path}?return_to=%2f%0d%0aX-Selftest:%20injected&rd=%2f%0d%0aX-Selftest:%20injected` },
        ]),
        (received) =>
          ofResponse(received, (response) =>
            headersOf(response, 'x-selftest').length > 0 ? fail('the header was injected') : pass(shown(response)),
          ),
      ),
  },
  {
    ...{ id: 'redirects-callback', section, title: 'The issuer sends browsers back to this deployment' },
    sent: 'GET /auth/login, plainly',
    demanded: 'a redirect to the issuer whose redirect_uri is on this origin',
    ...{ source: 'RFC 9700 §2.1, CWE-601', fix: 'Set server.publicUrl to the origin that browsers use.' },
    run: (world) =>
      each(world, [['/auth/login', { target: '/auth/login' }]], (received) =>
        ofResponse(received, (response) => {
          const callback = callbackOf(response)
          if (callback === undefined) return fail(`${shown(response)}: no redirect to an issuer`)
          const origin = URL.parse(callback)?.origin
          return origin === world.origin ? pass(`redirect_uri at ${origin}`) : fail(`redirect_uri at ${origin}`)
        }),
      ),
  },
]

import { type Case, fail, pass, type Verdict, warning } from '../case.ts'
import { denied, hasReason, ofResponse, orClosed, shown, withinDeployment } from '../judges.ts'
import type { Received } from '../wire/send.ts'
import { type Account, anyOf, type World, withoutAccount, withoutPath } from '../world.ts'
import { each } from './each.ts'

const section = 'paths' as const
const ONE_READING =
  'Authorize and forward the same form of the path. Let no proxy in front decode, merge or rewrite it (nginx: proxy_pass without a URI; Caddy: no uri rewrite).'

/** Spellings of a path that some server reads as the path itself. @param path with a slash at both ends, `/app/` */
type Spellings = (path: string, world: World) => readonly string[]

const OWN = '/auth/signed-out'
const bare = (path: string) => path.slice(1)
const first = (path: string) => path.charAt(1)
const hex = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`

interface Attack {
  readonly id: string
  readonly title: string
  readonly source: string
  readonly spellings: Spellings
}

const ATTACKS: readonly Attack[] = [
  {
    ...{ id: 'traversal', title: 'Dot segments do not lead from an open path to a protected one' },
    source: 'RFC 3986 §5.2.4, GHSA-p224-6x5r-fjpm, CWE-22',
    spellings: (path) => [`${OWN}/../..${path}`, `${OWN}/.${path}`, `/healthz/..${path}`],
  },
  {
    ...{ id: 'encoded-traversal', title: 'Encoded dot segments do not lead to a protected path' },
    source: 'RFC 3986 §6.2.2, GHSA-m8m5-v4jf-3wcm, CWE-22',
    spellings: (path) => [
      `${OWN}/%2e%2e/%2e%2e${path}`,
      `${OWN}/..%2f..%2f${bare(path)}`,
      `/healthz/%2e%2e%2f${bare(path)}`,
      `/healthz/.%2e${path}`,
    ],
  },
  {
    ...{ id: 'double-encoding', title: 'Twice encoded paths do not lead to a protected path' },
    source: 'ASVS 5.0 1.1.1, CWE-174',
    spellings: (path) => [`${OWN}/%252e%252e/%252e%252e${path}`, `/healthz/..%252f${bare(path)}`],
  },
  {
    ...{ id: 'backslash', title: 'Backslashes are no slashes' },
    source: 'WHATWG URL §4.4, CWE-22',
    spellings: (path) => [`/healthz\\..\\${bare(path)}`, `/healthz/..%5c${bare(path)}`, `\\${bare(path)}`],
  },
  {
    ...{ id: 'parameters', title: 'Path parameters do not hide a dot segment' },
    source: 'CVE-2026-3872, CWE-22',
    spellings: (path) => [`/healthz/..;${path}`, `/healthz;x/..${path}`, `/;x${path}`],
  },
  {
    ...{ id: 'lookalike', title: 'Lookalikes of a protected path are not forwarded without a sign-in' },
    source: 'ASVS 5.0 1.1.1, CWE-41',
    spellings: (path) => [
      `/${path}`,
      path.toUpperCase(),
      `${path.slice(0, -1)}%2f`,
      `${path.slice(0, -1)}./`,
      `${path.slice(0, -1)};a=b/`,
      `${path.slice(0, -1)}%20/`,
    ],
  },
  {
    ...{ id: 'encoded-letter', title: 'A protected path with an encoded letter is protected' },
    source: 'RFC 3986 §6.2.2.2, CWE-177',
    spellings: (path) => [`/${hex(first(path))}${path.slice(2)}`],
  },
  {
    ...{ id: 'control-characters', title: 'Paths with control characters are rejected' },
    source: 'RFC 3986 §2, CWE-158',
    spellings: (path) => [`${path}%00`, `/healthz%00${path}`, `/healthz%0d%0a${path}`],
  },
  {
    ...{ id: 'fragment', title: 'A number sign ends no path' },
    source: 'CVE-2026-41059, CWE-436',
    spellings: (path) => [`${path}#/healthz`, `${path}%23/auth/signed-out`, `/healthz#/..${path}`],
  },
  {
    ...{ id: 'overlong', title: 'Overlong UTF-8 and fullwidth characters are no slashes' },
    source: 'RFC 3629 §3, CWE-176',
    spellings: (path) => [`/healthz/..%c0%af${bare(path)}`, `/healthz/..%ef%bc%8f${bare(path)}`, `%2f${bare(path)}`],
  },
  {
    ...{
      id: 'absolute-form',
      title: 'A whole URL as request target needs a sign-in like its path',
    },
    source: 'RFC 9112 §3.2.2, CWE-436',
    spellings: (path, { origin, host }) => [`${origin}${path}`, `ftp://${host}${path}`, `//${host}${path}`],
  },
  {
    ...{ id: 'query', title: 'A query opens no path' },
    source: 'GHSA-7rh7-c77v-6434, CVE-2025-54576, CWE-436',
    spellings: (path) => [`${path}?/healthz`, `${path}?/auth/login`, `${path}?x=/auth/signed-out#/healthz`],
  },
]

const withoutCredentials = ({ id, title, source, spellings }: Attack): Case => ({
  ...{ id: `paths-${id}`, section, title, source, fix: ONE_READING },
  sent: 'GET without credentials, with spellings that some servers read as a path that needs a sign-in',
  demanded: 'a denial (4xx), or a redirect within the deployment',
  missing: withoutPath,
  run(world) {
    const variants = spellings(world.found.protectedPath ?? '/', world).map((target) => [target, { target }] as const)
    return each(world, variants, (received) => orClosed(world, received, (each) => denied(world, each)))
  },
})

/** A denial of the gateway: an application’s 404 would mean that it was forwarded. */
const ofGateway = (world: World, received: Received): Verdict =>
  ofResponse(received, (response) => {
    const { status } = response
    if (status === 400 || (status > 400 && status < 500 && hasReason(response))) return pass(shown(response))
    if (status >= 300 && status < 400) return withinDeployment(world, response)
    if (status >= 400 && status < 500) return warning(`${shown(response)}: it may be the application’s`)
    return fail(`the request was forwarded or served: ${shown(response)}`)
  })

const AMBIGUOUS = new Set(['encoded-traversal', 'double-encoding', 'backslash', 'parameters', 'control-characters'])

/** The same with an account that may use the path: authorized as one path and read as another is the danger. */
const withAccount = ({ id, title, source, spellings }: Attack): Case => ({
  ...{ id: `paths-${id}-signed-in`, section, title: `${title}, with an account`, source, fix: ONE_READING },
  sent: 'GET with the test account, with the same spellings',
  demanded: 'a denial of the gateway (400, or 4xx with its reason)',
  missing: anyOf(withoutPath, withoutAccount),
  run(world) {
    const { line, project } = world.first as Account
    const lines = [line, ...(project === undefined ? [] : [`AOA-Project-ID: ${project}`])]
    const targets = spellings(world.found.protectedPath ?? '/', world)
    const variants = targets.map((target) => [target, { target, lines }] as const)
    return each(world, variants, (received) => orClosed(world, received, (each) => ofGateway(world, each)))
  },
})

export const pathCases: readonly Case[] = [
  ...ATTACKS.map(withoutCredentials),
  ...ATTACKS.filter(({ id }) => AMBIGUOUS.has(id)).map(withAccount),
  {
    ...{ id: 'paths-unknown', section, title: 'A path that no route names is denied', fix: 'Remove catch-all rules.' },
    sent: 'GET of paths that no application has, without credentials',
    demanded: 'a denial (4xx), or the redirect to the sign-in',
    source: 'ASVS 5.0 8.2.1, CWE-284',
    run(world) {
      const targets = ['/selftest-no-such-path', `/selftest/../selftest-no-such-path`, '/auth/selftest']
      const variants = targets.map((target) => [target, { target }] as const)
      return each(world, variants, (received) => orClosed(world, received, (each) => denied(world, each)))
    },
  },
  {
    ...{ id: 'paths-prefix', section, title: 'A path that only begins like a route does not belong to it' },
    ...{ fix: 'Compare whole segments of paths.', source: 'ASVS 5.0 8.2.1, CWE-41' },
    sent: 'GET of the protected path with letters after its last segment, without credentials',
    demanded: 'a denial (4xx), or the redirect to the sign-in',
    missing: withoutPath,
    run(world) {
      const path = (world.found.protectedPath ?? '/').slice(0, -1)
      const variants = [`${path}selftest`, `${path}.selftest/`].map((target) => [target, { target }] as const)
      return each(world, variants, (received) => orClosed(world, received, (each) => denied(world, each)))
    },
  },
]

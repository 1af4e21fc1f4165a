import { type Case, fail, pass, type Verdict } from '../case.ts'
import { ofResponse, shown } from '../judges.ts'
import { headerOf, type Response } from '../wire/response.ts'
import type { World } from '../world.ts'
import { each, type Variants } from './each.ts'

const section = 'headers' as const
const fix = 'Keep the headers of the gateway’s own pages: no proxy in front may remove or replace them.'

const PAGE = { target: '/auth/signed-out', accept: 'text/html' }
const DENIAL = { target: '/auth/selftest', accept: 'text/html' }
const PAGES: Variants = [
  ['/auth/signed-out', PAGE],
  ['a denial', DENIAL],
]
/** Responses that name people, projects or states of a sign-in. */
const PRIVATE: Variants = [
  ...PAGES,
  ['/auth/session', { target: '/auth/session' }],
  ['/auth/login', { target: '/auth/login' }],
]

const onPages = (
  id: string,
  title: string,
  demanded: string,
  source: string,
  judge: (response: Response, world: World) => Verdict,
  pages = PAGES,
): Case => ({
  ...{ id: `headers-${id}`, section, title, demanded, source, fix },
  sent: `GET of ${pages.map(([label]) => label).join(', ')}, without credentials`,
  run: (world) => each(world, pages, (received) => ofResponse(received, (response) => judge(response, world))),
})

const has = (response: Response, name: string, pattern: RegExp): Verdict => {
  const value = headerOf(response, name)
  if (value === undefined) return fail(`${shown(response)}: no ${name}`)
  return pattern.test(value) ? pass(`${name} is set`) : fail(`${shown(response)}: ${name} allows more`)
}

/** Directives by name. */
export function parsePolicy(policy: string): ReadonlyMap<string, readonly string[]> {
  const directives = policy.split(';').map((each) => each.trim().split(/\s+/))
  return new Map(directives.map(([name = '', ...values]) => [name.toLowerCase(), values]))
}

/** What a policy of pages with nothing but forms must say. */
export function policyVerdict(policy: string | undefined): Verdict {
  if (policy === undefined) return fail('no Content-Security-Policy')
  const directives = parsePolicy(policy)
  const fallback = directives.get('default-src')
  const scripts = directives.get('script-src') ?? fallback
  const problems = [
    ...(scripts === undefined || scripts.some((each) => /^'unsafe-(inline|eval)'$|^\*$|^https?:$|^data:$/.test(each))
      ? ['scripts of any kind may run']
      : []),
    ...((directives.get('object-src') ?? fallback)?.join() === "'none'" ? [] : ['plugins may run']),
    ...(/^'(none|self)'$/.test(directives.get('base-uri')?.join() ?? '') ? [] : ['base-uri is open']),
  ]
  return problems.length === 0 ? pass('the policy is strict') : fail(`Content-Security-Policy: ${problems.join(', ')}`)
}

export const headerCases: readonly Case[] = [
  onPages(
    'content-security-policy',
    'A strict policy limits what pages may load',
    'Content-Security-Policy without inline scripts, plugins and other base addresses',
    'ASVS 5.0 3.4.3, CWE-79',
    (response) => policyVerdict(headerOf(response, 'content-security-policy')),
  ),
  onPages(
    'frame-ancestors',
    'Other sites cannot show the pages in a frame',
    'frame-ancestors in Content-Security-Policy, without a wildcard',
    'ASVS 5.0 3.4.6, CWE-1021',
    (response) => {
      const ancestors = parsePolicy(headerOf(response, 'content-security-policy') ?? '').get('frame-ancestors')
      if (ancestors === undefined) return fail('no frame-ancestors')
      return ancestors.some((each) => /^\*$|^https?:$/.test(each)) ? fail('frame-ancestors is open') : pass('limited')
    },
  ),
  onPages('content-type', 'Browsers do not guess content types', 'nosniff', 'ASVS 5.0 3.4.4, CWE-430', (response) =>
    has(response, 'x-content-type-options', /^nosniff$/i),
  ),
  onPages(
    'referrer',
    'Addresses of pages are not sent to other sites',
    'Referrer-Policy: no-referrer, same-origin or strict-origin',
    'ASVS 5.0 3.4.5, CWE-200',
    (response) => has(response, 'referrer-policy', /^(no-referrer|same-origin|strict-origin)$/i),
  ),
  onPages(
    'opener',
    'Other sites get no handle to the window of a page',
    'Cross-Origin-Opener-Policy: same-origin',
    'ASVS 5.0 3.4.8, CWE-346',
    (response) => has(response, 'cross-origin-opener-policy', /^same-origin/i),
  ),
  onPages(
    'cache',
    'Responses about a user are kept in no cache',
    'Cache-Control: no-store',
    'ASVS 5.0 14.3.2, CWE-525',
    (response) => has(response, 'cache-control', /no-store/i),
    PRIVATE,
  ),
  onPages(
    'version',
    'No header tells the version of a server',
    'no X-Powered-By, and no number in Server or Via',
    'ASVS 5.0 13.4.6, CWE-200',
    (response) => {
      const telling = ['server', 'via', 'x-powered-by', 'x-aspnet-version'].filter((name) => {
        const value = headerOf(response, name)
        return value !== undefined && (name.startsWith('x-') || /\/\d|\d+\.\d+\.\d+/.test(value))
      })
      return telling.length === 0 ? pass('no version') : fail(`a version in ${telling.join(', ')}`)
    },
    PRIVATE,
  ),
  {
    ...onPages(
      'reflection',
      'Text of a request is escaped in pages',
      'no markup of the request in the page',
      'ASVS 5.0 1.2.1, CWE-79',
      ({ body }) =>
        body.includes('<selftest') ? fail('markup of the request is in the page') : pass('escaped or left out'),
      [
        ['/auth/logout', { target: `/auth/logout?return_to=/%22%3E%3Cselftest%3E`, accept: 'text/html' }],
        ['a denial', { target: `/auth/%3Cselftest%3E?x=%22%3E%3Cselftest%3E`, accept: 'text/html' }],
        ['/auth/callback', { target: '/auth/callback?error=%3Cselftest%3E&state=%3Cselftest%3E', accept: 'text/html' }],
      ],
    ),
    fix: 'Serve the gateway’s pages unchanged, and escape text in error pages of the proxy in front.',
  },
]

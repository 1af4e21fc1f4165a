import { type Case, fail, pass, type Verdict } from '../case.ts'
import { denied, ofResponse, orClosed, shown } from '../judges.ts'
import type { SetCookie } from '../set-cookie.ts'
import { type Account, anyOf, type World, withoutCookie, withoutPath } from '../world.ts'
import { each, type Variants } from './each.ts'

const section = 'cookies' as const
const FLAGS =
  'Keep the attributes that the gateway sets: no proxy may rewrite Set-Cookie. Set server.publicUrl to the https origin that browsers use.'
const SESSIONS = 'Let only the gateway read the session cookie. Put no cache and no bypass rule in front of it.'

const withoutCookies = ({ found }: World): string | undefined =>
  found.cookies.length === 0 ? 'the gateway set no cookie at /auth/login and /auth/logout' : undefined

const withoutTls = ({ place }: World): string | undefined =>
  place.tls ? undefined : 'the URL is plain http, where browsers keep no Secure cookie'

/** A rule that every cookie of the gateway must follow. */
const flag = (
  id: string,
  title: string,
  demanded: string,
  isGood: (cookie: SetCookie) => boolean,
  source: string,
  missing = withoutCookies,
): Case => ({
  ...{ id: `cookies-${id}`, section, title, demanded, source, fix: FLAGS, missing },
  sent: 'GET /auth/login and POST /auth/logout without credentials',
  async run({ found }) {
    const bad = found.cookies.filter((cookie) => !isGood(cookie)).map(({ name }) => generic(name))
    if (bad.length > 0) return fail(`not so: ${[...new Set(bad)].join(', ')}`)
    return pass(`${found.cookies.length} cookies of the gateway`)
  },
})

/** The random end of the name of a sign-in’s cookie would differ in each report. */
const generic = (name: string) => name.replace(/(_login_)[\w-]+$/, '$1…')

const hasPrefix = ({ name, path, domain, isSecure }: SetCookie): boolean =>
  name.startsWith('__Host-')
    ? isSecure && path === '/' && domain === undefined
    : name.startsWith('__Secure-') && isSecure

/** A session cookie that nobody issued, and must not be one. */
const forged = (
  id: string,
  title: string,
  sent: string,
  values: (name: string, world: World) => readonly (readonly [label: string, cookie: string])[],
  source: string,
  missing: Case['missing'] = undefined,
): Case => ({
  ...{ id: `cookies-${id}`, section, title, sent, source, fix: SESSIONS },
  demanded: 'a denial (4xx) or the redirect to the sign-in',
  missing: anyOf(withoutPath, withoutName, missing ?? (() => undefined)),
  run(world) {
    const target = world.found.protectedPath ?? '/'
    const variants: Variants = values(world.found.sessionCookie ?? '', world).map(([label, cookie]) => [
      label,
      { target, lines: [`Cookie: ${cookie}`] },
    ])
    return each(world, variants, (received) => orClosed(world, received, (each) => denied(world, each)))
  },
})

const withoutName = ({ found }: World): string | undefined =>
  found.sessionCookie === undefined
    ? 'the name of the session cookie is not known: the gateway set none at /auth/logout, and there is no --cookie-file'
    : undefined

/** Of the right form: 43 characters, a dot, 20 characters. */
const WELL_FORMED = `${'selftest'.repeat(6).slice(0, 43)}.${'selftest'.repeat(3).slice(0, 20)}`

/** The account’s cookie line without the name of the header. */
const cookieOf = ({ first }: World) => (first as Account).line.slice('Cookie: '.length)

/** The session cookie with another character at some places. */
function tampered(name: string, world: World): (readonly [string, string])[] {
  const pairs = cookieOf(world)
    .split('; ')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const)
  const value = pairs.find(([each]) => each === name)?.[1] ?? ''
  const changed = (at: number) => `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`
  const values: (readonly [string, string])[] = [
    ['its first character', changed(0)],
    ['a character in its middle', changed(Math.floor(value.length / 2))],
    ['its last character', changed(value.length - 1)],
    ['cut', value.slice(0, -1)],
    ['longer', `${value}A`],
  ]
  return values.map(([label, each]) => [label, `${name}=${each}`])
}

export const cookieCases: readonly Case[] = [
  flag(
    'http-only',
    'Scripts cannot read the gateway’s cookies',
    'HttpOnly on every cookie',
    ({ isHttpOnly }) => isHttpOnly,
    'ASVS 5.0 3.3.4, CWE-1004',
  ),
  flag(
    'secure',
    'The gateway’s cookies are never sent over plain HTTP',
    'Secure on every cookie',
    ({ isSecure }) => isSecure,
    'ASVS 5.0 3.3.1, CWE-614',
    anyOf(withoutTls, withoutCookies),
  ),
  flag(
    'same-site',
    'The gateway’s cookies say whether other sites may cause them to be sent',
    'SameSite on every cookie, and None only with Secure',
    ({ sameSite, isSecure }) => /^(lax|strict)$/i.test(sameSite ?? '') || (/^none$/i.test(sameSite ?? '') && isSecure),
    'ASVS 5.0 3.3.2, CWE-1275',
  ),
  flag(
    'prefix',
    'A sibling host cannot set the gateway’s cookies',
    'names that begin with __Host- (Path=/, no Domain) or __Secure-',
    hasPrefix,
    'RFC 6265bis §4.1.3, ASVS 5.0 3.3.3',
    anyOf(withoutTls, withoutCookies),
  ),
  forged(
    'forged',
    'A session cookie that nobody issued is no session',
    'GET of a path that needs a sign-in, with the real name of the session cookie and invented values',
    (name) => [
      ['a value of the right form', `${name}=${WELL_FORMED}`],
      ['empty', `${name}=`],
      ['a JSON object', `${name}=${Buffer.from('{"sub":"selftest","admin":true}').toString('base64url')}`],
      ['the word true', `${name}=true`],
    ],
    'ASVS 5.0 7.2.1, CWE-565',
  ),
  forged(
    'malformed',
    'Malformed and very long cookies are no session',
    'GET of a path that needs a sign-in, with malformed cookies of the real name',
    (name) => [
      ['4000 characters', `${name}=${'a'.repeat(4000)}`],
      ['200 cookies', Array.from({ length: 200 }, (_, index) => `${name}${index}=a`).join('; ')],
      ['quotes and commas', `${name}="${WELL_FORMED}", ${name}=b`],
      ['only separators', ';;;=;='],
    ],
    'CVE-2026-25748, CVE-2023-28625, CWE-20',
  ),
  forged(
    'tampered',
    'A changed session cookie is no session',
    'GET of a path that needs a sign-in, with the session of the test account, one character changed',
    tampered,
    'ASVS 5.0 7.2.1, CWE-565',
    withoutCookie,
  ),
  forged(
    'other-name',
    'The value of a session under a similar name is no session',
    'GET of a path that needs a sign-in, with the session of the test account under other spellings of the name',
    (name, world) => {
      const value = cookieOf(world).split(`${name}=`)[1]?.split(';')[0] ?? ''
      return [
        ['upper case', `${name.toUpperCase()}=${value}`],
        ['a letter more', `x${name}=${value}`],
        ['without a name', `=${name}=${value}`],
      ]
    },
    'RFC 6265bis §8.6, CWE-565',
    withoutCookie,
  ),
  {
    ...{ id: 'cookies-session', section, title: 'The session of the test account works' },
    sent: 'GET /auth/session with the session of the test account',
    demanded: '200: the cases about changed sessions would prove nothing without it',
    ...{ source: 'control of this section', fix: 'Sign in again, and write the new cookie into the file.' },
    missing: withoutCookie,
    async run(world): Promise<Verdict> {
      const received = await world.ask({ target: '/auth/session', lines: [(world.first as Account).line] })
      return ofResponse(received, (each) => (each.status === 200 ? pass(shown(each)) : fail(shown(each))))
    },
  },
]

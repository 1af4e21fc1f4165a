import { isLoopback } from '../../shared/loopback.ts'
import { readCertificate } from '../../shared/shown-certificate.ts'
import { certificateVerdict } from './cases/tls.ts'
import { parseSetCookie, type SetCookie } from './set-cookie.ts'
import type { Place } from './wire/place.ts'
import { headerOf, headersOf, type Response } from './wire/response.ts'
import type { Account, Ask, Found, World } from './world.ts'

type Asker = Pick<World, 'ask' | 'origin' | 'place'>

/** Ordinary requests that find out what the cases need. */
export async function survey(
  { ask, origin, place }: Asker,
  first: Account | undefined,
  paths: readonly string[],
): Promise<Found> {
  const response = async (request: Ask) => {
    const received = await ask(request)
    return received.kind === 'response' ? received.first : undefined
  }
  const config = await response({ target: '/auth/client-config' })
  const login = await response({ target: '/auth/login' })
  const form = ['Content-Type: application/x-www-form-urlencoded', `Origin: ${origin}`]
  const logout = await response({ method: 'POST', target: '/auth/logout', lines: form, body: '' })
  const { issuer, routes } = clientConfigIn(config)
  const own = routes.filter((url) => URL.parse(url)?.origin === origin).map((url) => new URL(url).pathname)
  const candidates = (paths.length > 0 ? paths : own).map((path) => `/${path}/`.replaceAll(/\/+/g, '/'))
  const withheld = await whyWithheld(place)
  const cookies = [login, logout].flatMap((each) => (each === undefined ? [] : cookiesOf(each)))
  return {
    protectedPath: await firstWhere(candidates, async (target) => (await response({ target }))?.status === 401),
    projectPath: await projectPath(candidates, withheld === undefined ? first : undefined, response),
    issuerOrigins: new Set([issuer, authorizationUrl(login)].flatMap(originOf)),
    sessionCookie: sessionCookieName(cookies, first),
    cookies,
    withheld,
  }
}

/** Where a sign-in leads. Any other redirect of this endpoint says nothing about the issuer. */
function authorizationUrl(login: Response | undefined): string | undefined {
  const location = login && headerOf(login, 'location')
  return location !== undefined && URL.parse(location)?.searchParams.get('response_type') === 'code'
    ? location
    : undefined
}

const originOf = (url: string | undefined): string[] => {
  const origin = url === undefined ? undefined : URL.parse(url)?.origin
  return origin === undefined ? [] : [origin]
}

function clientConfigIn(response: Response | undefined): { issuer: string | undefined; routes: readonly string[] } {
  try {
    const { issuer, routes } = Object(JSON.parse(response?.body ?? ''))
    const urls = Array.isArray(routes) ? routes.map((route) => String(Object(route).url)) : []
    return { issuer: typeof issuer === 'string' ? issuer : undefined, routes: urls }
  } catch {
    return { issuer: undefined, routes: [] }
  }
}

const cookiesOf = (response: Response): SetCookie[] => headersOf(response, 'set-cookie').map(parseSetCookie)

async function firstWhere(
  paths: readonly string[],
  isIt: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const path of paths) if (await isIt(path)) return path
  return undefined
}

/** Only a path that needs a project objects to one that is no UUID. */
async function projectPath(
  paths: readonly string[],
  account: Account | undefined,
  response: (request: Ask) => Promise<Response | undefined>,
): Promise<string | undefined> {
  if (account === undefined) return undefined
  const lines = [account.line, 'AOA-Project-ID: selftest']
  return firstWhere(paths, async (target) => {
    const found = await response({ target, lines })
    return found?.status === 400 && found.body.includes('project-malformed')
  })
}

/**
 * The cookie of a pending sign-in is named after the session cookie, which a sign-out removes. With the cookie of an
 * account, its first name counts that the gateway knows.
 */
function sessionCookieName(cookies: readonly SetCookie[], account: Account | undefined): string | undefined {
  const removed = cookies.filter(({ isRemoval }) => isRemoval).map(({ name }) => name)
  const mine = account?.cookieNames ?? []
  const isParent = (name: string) => cookies.some((other) => other.name.startsWith(`${name}_login_`))
  return mine.find((name) => removed.includes(name)) ?? removed.find(isParent) ?? mine[0] ?? removed[0]
}

/** Tokens and cookies are sent where nobody can read them on the way, or not at all. */
async function whyWithheld(place: Place): Promise<string | undefined> {
  if (!place.tls) {
    if (isLoopback(place.host)) return undefined
    return 'the account is not used, because everybody on the way could read it: the URL is plain http'
  }
  try {
    if (certificateVerdict(await readCertificate(place), Date.now()).status !== 'fail') return undefined
  } catch {
    return 'the account is not used, because the certificate could not be read'
  }
  return 'the account is not used, because the certificate is not accepted: for an authority of your own, use --ca'
}

import type { SetCookie } from './set-cookie.ts'
import type { Place } from './wire/place.ts'
import type { RawRequest } from './wire/request.ts'
import type { Received, SendOptions } from './wire/send.ts'

/** A test account. */
export interface Account {
  readonly kind: 'bearer' | 'cookie'
  /** `Authorization: Bearer …` or `Cookie: …`. Never shown. */
  readonly line: string
  /** Names of the cookies, for `cookie`. */
  readonly cookieNames: readonly string[]
  /** A project that it is a member of. */
  readonly project: string | undefined
}

export type Ask = Omit<RawRequest, 'host'> & { readonly host?: string }

/** What the cases know and use. */
export interface World {
  readonly place: Place
  /** `https://mlflow.example.com`. */
  readonly origin: string
  /** Value of Host. */
  readonly host: string
  /** A request to the target, at the permitted rate. */
  readonly ask: (request: Ask, options?: SendOptions) => Promise<Received>
  /** Bytes to any confirmed place, at the permitted rate. */
  readonly sendTo: (place: Place, bytes: string, options?: SendOptions) => Promise<Received>
  /** Whether the target responds to an ordinary request right now. */
  readonly control: () => Promise<boolean>
  readonly upstreams: readonly Place[]
  readonly admins: readonly Place[]
  /** Where the target serves plain HTTP; undefined: not known. */
  readonly httpPort: number | undefined
  /** A path behind the gateway that returns the headers of a request. */
  readonly echoPath: string | undefined
  readonly first: Account | undefined
  readonly second: Account | undefined
  readonly found: Found
}

/** What the survey found out about the target before the cases. */
export interface Found {
  /** A path that needs a sign-in, with a slash at its end. */
  readonly protectedPath: string | undefined
  /** A path that needs a project. */
  readonly projectPath: string | undefined
  /** Where a sign-in may lead. */
  readonly issuerOrigins: ReadonlySet<string>
  /** The real name of the session cookie. */
  readonly sessionCookie: string | undefined
  /** Cookies that the gateway itself sets. */
  readonly cookies: readonly SetCookie[]
  /** Why the accounts must not be used: their secrets would be readable on the way. */
  readonly withheld: string | undefined
}

const ACCOUNT = 'needs a test account: --token-file or --cookie-file'

export const withoutPath = ({ found }: World): string | undefined =>
  found.protectedPath === undefined ? 'no path that needs a sign-in is known: name one with --path' : undefined

export const withoutAccount = ({ first, found }: World): string | undefined =>
  first === undefined ? ACCOUNT : found.withheld

export const withoutCookie = ({ first, found }: World): string | undefined =>
  first?.kind === 'cookie' ? found.withheld : 'needs the session of a test account: --cookie-file'

export const withoutEcho = ({ echoPath }: World): string | undefined =>
  echoPath === undefined ? 'needs an application that returns the headers of a request: --echo-path' : undefined

/** The first reason of several. */
export const anyOf =
  (...reasons: readonly ((world: World) => string | undefined)[]) =>
  (world: World): string | undefined => {
    for (const reason of reasons) {
      const why = reason(world)
      if (why !== undefined) return why
    }
    return undefined
  }

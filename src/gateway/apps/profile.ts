import type { IncomingHttpHeaders } from 'node:http'
import type { Reason } from '../errors.ts'
import type { Principal, Project, Role, Use } from '../policy/types.ts'

/**
 * What the gateway knows of an application, in one value per route: {@link AppProfile}.
 *
 * To add an application:
 * 1. Write `apps/<name>/profile.ts`. Start from `generic/profile.ts`: it has every required member. Export a constant,
 *    or a function of the route where settings matter (`airflow/profile.ts`).
 * 2. Add the name to {@link AppProfile.app}, to `app` in `config/schema.ts`, and to `profile-of.ts`.
 * 3. Decide `use` first: it maps each request to reading, writing, administering or `denied`. Deny what you do not know.
 * 4. Test it in `test/unit/gateway/apps/<name>/profile.test.ts`; refusals outnumber acceptances.
 *
 * The members are grouped along the way of a request. Only `warmUp` and `prepare` may use the network.
 */

/** A request below its route, as an application's profile sees it. */
export interface AppRequest {
  readonly method: string
  /** Canonical path below the route, still percent-encoded, with a leading slash and without a project segment. */
  readonly path: string
  /** `path` decoded once: what the application will read. Rules match this. */
  readonly decodedPath: string
  /** Query without the leading `?`, as it will be sent. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
}

/** An admitted request: what a profile may use to shape what is forwarded. */
export interface Admission {
  readonly request: AppRequest
  readonly principal: Principal | undefined
  readonly role: Role
  readonly project: Project | undefined
  /** Projects the principal reaches, by name; computed on each call. */
  readonly projects: () => readonly Project[]
  readonly requestId: string
  /** Absent while tracing is off. */
  readonly traceId?: string | undefined
}

/** A complete, small response that the gateway sends instead of the application. */
export interface AppReply {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

/** An event for the audit trail that only the application's profile can write, e.g. about a URL that leads past the gateway. */
export interface AppEvent {
  readonly event: string
  readonly request_id: string
  readonly [fact: string]: string | number | undefined
}

/** The release of the application behind a route, as it tells itself. */
export interface AppRelease {
  readonly release: string
  /** The rules that are used for it. */
  readonly catalogue: string
  /** Whether they are the rules of this release, not just of the nearest one. */
  readonly isKnown: boolean
}

/** A request body that the gateway reads completely, checks and writes anew. Bodies without a rule stream. */
export interface BodyRule {
  /** Bytes; a longer body is refused as `body-too-large`. */
  readonly maxBytes: number
  /** Returns the body to forward. What was checked is what is returned. @throws Refusal */
  rewrite(body: Buffer, admitted: Admission): Buffer | Promise<Buffer>
}

/** An upstream response that the gateway reads completely and writes anew: small JSON only. */
export interface ResponseRule {
  /** Bytes; a longer response ends as `upstream-invalid`. */
  readonly maxBytes: number
  rewrite(status: number, body: Buffer, admitted: Admission): Buffer
}

/** A refusal in the application's error format. */
export interface AppRefusal {
  readonly contentType: string
  readonly body: string
  /** Set where the application's clients expect another status for this reason. */
  readonly status?: number
}

/** Everything the gateway knows of one application. Methods are pure unless they return a promise. */
export interface AppProfile {
  readonly app: 'mlflow' | 'airflow' | 'core' | 'generic'

  /** Learns what it needs from the application before the first request, for at most a few seconds. Never rejects. */
  warmUp?(): Promise<void> | undefined

  // Which request and which project

  /** Whether the route's path is removed before forwarding. */
  readonly stripPrefix: boolean
  /** Whether a UUID as first segment names the project (and is removed). */
  readonly projectInPath: boolean
  /** More headers whose value names the project, lower case. An empty value counts as absent. */
  readonly projectHeaders: readonly string[]
  /** Namespaces that those headers may name, with the UUID of their project. Absent: only UUIDs. */
  readonly namespaces?: ReadonlyMap<string, string>
  /** Exceptions to the path rules (`http/target.ts`) below this route; `decodedPath` is decoded once. Absent: none. */
  allowsInPath?(what: 'encoded-slash' | 'semicolon' | 'double-encoding', decodedPath: string): boolean
  /** Paths that do not exist through the gateway, for any caller: refused as `no-route`. Absent: none. */
  hides?(request: AppRequest): boolean
  /** Requests that the application's clients send before they sign in. Forwarded without identity, whatever the route's `access`. */
  isPublic?(request: AppRequest): boolean
  /** Paths below the route that start the gateway's sign-in instead of the application's; `returnTo` is where it ends. */
  loginPath?(request: AppRequest): { returnTo: string } | undefined
  /** Paths below the route that are the gateway's sign-out instead of the application's. */
  logoutPath?(request: AppRequest): boolean
  /** `Set-Cookie` values that end the application's own sessions at sign-out or when the user changes. */
  endCookies?(): readonly string[]

  // What the caller may do

  /** What the request does. Unknown requests are `denied`. */
  use(request: AppRequest): Use
  /**
   * The application's name of what is asked for, for the audit trail: `mlflow.registerModel`. Made of words of its API,
   * never of what the client chose. Undefined: the profile has no name for it.
   */
  operation?(request: AppRequest): string | undefined
  /** A refusal in the application's error format. `body` always contains `reason` and `request_id`, and `trace_id` where there is one. */
  refusal(reason: Reason, status: number, message: string, requestId: string, traceId?: string): AppRefusal

  // What is forwarded

  /** A response that the gateway sends instead of the application. Undefined: the request is forwarded. */
  reply?(admitted: Admission): AppReply | undefined
  /** How the body is checked. Undefined: it streams unread. */
  bodyRule?(request: AppRequest): BodyRule | undefined
  /** Work before the first request of a project, e.g. creating its workspace. Undefined: nothing to wait for. @throws Refusal */
  prepare?(admitted: Admission): Promise<void> | undefined
  /** Which upstream serves the request. Undefined: the route's own. */
  upstream?(admitted: Admission): string | undefined
  /** `Host` for the upstream: the one the client sent, or the upstream's own. */
  readonly hostHeader: 'public' | 'upstream'
  /** Request headers that are dropped in addition to the gateway's own list, lower case. */
  readonly dropRequestHeaders: ReadonlySet<string>
  /** Cookies that reach the application, by name. `all`: every cookie but the gateway's. */
  readonly cookies: 'none' | 'all' | readonly string[]
  /** What the upstream gets as `Authorization`. `client`: the client's own header, which is not for the gateway. */
  readonly authorization: 'none' | 'access-token' | 'assertion' | 'exchanged-token' | 'client'
  /**
   * Requests whose headers the application passes on to servers of others. They get no identity, no assertion, no address
   * of the client and no `Authorization`. Absent: none.
   */
  withholdsIdentity?(request: AppRequest): boolean
  /** Whether the assertion lists the caller's projects, for applications that list across them. Absent: no. */
  readonly assertsProjects?: boolean
  /** More request headers for this application, e.g. MLflow's workspace. */
  headers?(admitted: Admission): Record<string, string>
  /** The query to forward. Absent: the client's own. */
  query?(admitted: Admission): string

  // What comes back

  /** Requests whose response is a page of the application's user interface, which gets the gateway's page bar. Absent: none. */
  isPage?(request: AppRequest): boolean

  /** How the response is rewritten. Undefined: it streams unread. */
  responseRule?(request: AppRequest): ResponseRule | undefined
  /** Response headers added to the application's own, names and values in turn. */
  responseHeaders?(request: AppRequest): readonly string[]
}

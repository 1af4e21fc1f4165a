import type { IncomingHttpHeaders } from 'node:http'
import type { Reason } from '../errors.ts'
import type { Principal, Project, Role, Use } from '../policy/types.ts'

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
  /** Projects the principal reaches, by name; computed when asked. */
  readonly projects: () => readonly Project[]
  readonly requestId: string
}

/** A whole small answer: either the gateway's own on behalf of the application, or a rewritten upstream one. */
export interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

/** A request body that must be read whole, judged and written anew. Everything else streams. */
export interface BodyRule {
  /** Bytes; more is refused as `body-too-large`. */
  readonly maxBytes: number
  /** Returns the body to forward. @throws Refusal */
  rewrite(body: Buffer, admitted: Admission): Buffer
}

/** An upstream answer that must be read whole and written anew (small JSON only). */
export interface ResponseRule {
  readonly maxBytes: number
  rewrite(status: number, body: Buffer, admitted: Admission): Buffer
}

/** A refusal as the application would have worded it. */
export interface DialectRefusal {
  readonly contentType: string
  readonly body: string
  /** Where the application's clients know the reason under another status. */
  readonly status?: number
}

/** Everything the gateway knows of one application. Methods are pure unless they return a promise. */
export interface AppProfile {
  readonly app: 'mlflow' | 'airflow' | 'core' | 'generic'
  /** Whether the route's path is removed before forwarding. */
  readonly stripPrefix: boolean
  /** `Host` sent on: the one the client asked for, or the upstream's own. */
  readonly hostHeader: 'public' | 'upstream'
  /** Whether a UUID as first segment names the project (and is removed). */
  readonly projectInPath: boolean
  /** Further header names whose value names the project, lower case. An empty value counts as absent. */
  readonly projectHeaders: readonly string[]
  /** Request headers not passed on beyond the gateway's own list, lower case. */
  readonly dropRequestHeaders: ReadonlySet<string>
  /** Names of cookies that belong to the application; only these reach it. `all`: every cookie but the gateway's. */
  readonly cookies: 'none' | 'all' | readonly string[]
  /** What `Authorization` the upstream gets. */
  readonly authorization: 'none' | 'access-token' | 'assertion'
  /** Whether the assertion lists the caller's projects, for applications that list over all of them. Absent: no. */
  readonly assertsProjects?: boolean

  /** Relaxations of the path rules (`proxy/target.ts`) below this route; `path` is decoded. Absent: none. */
  allowsInPath?(what: 'encoded-slash' | 'semicolon' | 'double-encoding', decodedPath: string): boolean
  /** Paths that do not exist through the gateway, whoever asks and whatever they bring: answered as `no-route`. */
  hides?(request: AppRequest): boolean
  /** What clients of the application ask before they sign in. Answered without identity, whatever the route's `access`. */
  isPublic?(request: AppRequest): boolean
  /** Reads what the request wants to do. Default deny: unknown is `denied`. */
  use(request: AppRequest): Use
  /** Headers to set for the application alone, e.g. MLflow's workspace. */
  headers?(admitted: Admission): Record<string, string>
  /** An answer given instead of the application's. */
  answer?(admitted: Admission): Answer | undefined
  bodyRule?(request: AppRequest): BodyRule | undefined
  responseRule?(request: AppRequest): ResponseRule | undefined
  /** Headers that an answer of the application gets beside its own, flat. */
  responseHeaders?(request: AppRequest): readonly string[]
  /** Work to be done before the first request of a project, e.g. creating its workspace. @throws Refusal */
  prepare?(admitted: Admission): Promise<void> | undefined
  /** Which upstream serves the request; undefined: the route's own. */
  upstream?(admitted: Admission): string | undefined
  /** Paths (below the route) that are the gateway's login and logout in disguise. */
  loginPath?(request: AppRequest): { returnTo: string } | undefined
  logoutPath?(request: AppRequest): boolean
  /** `Set-Cookie` values that end the application's own sessions at logout or change of user. */
  endCookies?(): readonly string[]
  /** A refusal in the application's own dialect. `body` always holds `reason` and `request_id`. */
  refusal(reason: Reason, status: number, message: string, requestId: string): DialectRefusal
}

import type { NamedProject } from '../../shared/project-id.ts'
import type { Authentication, Shortfall, StepUp } from './step-up.ts'

/** The terms of the policy: who asks, for what, and what is decided. */

/** A verified caller. Identity is `issuer` + `subject`; everything else is an attribute (OIDC Core §5.7). */
export interface Principal {
  readonly issuer: string
  readonly subject: string
  /** `machine`: a client-credentials token, told apart from a person's (RFC 9068 §5). */
  readonly kind: 'person' | 'machine'
  readonly username: string
  readonly email?: string
  readonly name?: string
  /** The OAuth client the token was issued to; identifies a machine. */
  readonly clientId?: string
  readonly groups: ReadonlySet<string>
  /** Values of the projects claim; they count only where `projects.source` is `claim`. */
  readonly projectIds: ReadonlySet<string>
  /** Of an access token: how its user authenticated. That of a browser is in its session. */
  readonly authentication?: Authentication
  /** Memberships by rules over the claims of its token. Absent: its issuer has no rules. */
  readonly grants?: readonly Grant[]
}

/** A membership that a rule of the configuration gives. */
export interface Grant {
  /** UUID of the project, in lower case. */
  readonly projectId: string
  readonly role: Membership
  /** Name of the rule. */
  readonly rule: string
}

/** A project and the groups that give access to it. `id` is a UUID in lower case. */
export interface Project {
  readonly id: string
  readonly name: string
  readonly groups: readonly string[]
  readonly viewerGroups: readonly string[]
  /** Names that it had before; they lead to the current one. */
  readonly previousNames?: readonly string[] | undefined
}

export type Membership = 'editor' | 'viewer'

export type Role = 'admin' | Membership | 'user' | 'anonymous'

/** A project together with the principal's role in it. */
export interface ProjectRole<R extends Role = 'admin' | Membership> {
  readonly project: Project
  readonly role: R
}

/** The projects that are known at one moment. Immutable: a source of projects replaces the whole snapshot. */
export interface ProjectSnapshot {
  find(id: string): Project | undefined
  /** The project of this name, or of this previous name; undefined where several have it. */
  findByName(name: string): Project | undefined
  /** What the principal's own groups or claims give. Administrators need no membership. */
  membership(principal: Principal, id: string): Membership | undefined
  /** Every membership of the principal, sorted by project name. */
  memberships(principal: Principal): readonly ProjectRole<Membership>[]
  /** Every project, sorted by name. */
  all(): readonly Project[]
}

export type Access = 'project' | 'member' | 'login' | 'admin' | 'public'

/** What a request does, as the application's profile classifies it. */
export type Use = 'read' | 'write' | 'admin' | 'denied'

export interface AccessRules {
  readonly adminGroup: string
  /** Client IDs whose client-credentials tokens are administrators (the service user). */
  readonly serviceUsers: ReadonlySet<string>
}

/** A namespace that a request named, such as that of its pod. It is no proof of anything: the caller chooses it. */
export interface NamedNamespace {
  readonly name: string
  /** UUID of the project that it stands for. Undefined: it stands for none. */
  readonly projectId: string | undefined
}

export interface Question {
  readonly access: Access
  readonly use: Use
  readonly principal: Principal | undefined
  readonly named: NamedProject
  /** The name in the path, which counts together with {@link named}. Absent: none. */
  readonly projectName?: string | undefined
  /** The namespace in a header, which counts together with both. Absent: none. */
  readonly namespace?: NamedNamespace | undefined
  /** The project that the browser session has selected: a preference, never a proof of access. */
  readonly selected: string | undefined
  /** Undefined: the route demands no step-up. */
  readonly stepUp?: StepUpQuestion | undefined
}

/** Whether the caller's authentication is what the route demands. */
export interface StepUpQuestion {
  readonly rule: StepUp
  readonly authentication: Authentication
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type AllowReason = 'public-route' | 'signed-in' | 'admin' | 'project-member' | 'project-viewer' | 'member'

export type DenyReason =
  | 'login-required'
  | 'admin-only'
  | 'app-denied'
  | 'project-missing'
  | 'project-malformed'
  | 'project-ambiguous'
  | 'not-in-project'
  | 'not-a-member'
  | 'viewer-read-only'
  | 'projects-down'

export type Decision =
  | { allow: true; reason: AllowReason; role: Role; project?: Project }
  /** `project`: set only where the principal is a member of it, so its existence is no news to that person. */
  | { allow: false; reason: DenyReason; project?: Project }
  /** Everything else about the request is allowed. */
  | { allow: false; reason: 'step-up-required'; rule: StepUp; shortfall: Shortfall; project?: undefined }

import type { NamedProject } from '../../shared/project-id.ts'

/** The words of the policy. This folder imports nothing but types: who asks, what for, and what is answered. */

/** A verified caller. Identity is `issuer` + `subject`; everything else is an attribute (OIDC Core §5.7). */
export interface Principal {
  readonly issuer: string
  readonly subject: string
  /** `machine`: a client-credentials token, told apart from people (RFC 9068 §5). */
  readonly kind: 'person' | 'machine'
  readonly username: string
  readonly email?: string
  readonly name?: string
  /** The OAuth client the token was issued to; names a machine. */
  readonly clientId?: string
  readonly groups: ReadonlySet<string>
  /** Values of the projects claim; judged only where `projects.source` is `claim`. */
  readonly projectIds: ReadonlySet<string>
}

/** A project and the groups that reach it. `id` is a UUID in lower case. */
export interface Project {
  readonly id: string
  readonly name: string
  readonly groups: readonly string[]
  readonly viewerGroups: readonly string[]
}

export type Membership = 'editor' | 'viewer'

/** The known projects at one moment. Implementations answer from memory: no I/O on the request path. */
export interface ProjectDirectory {
  /** Grows whenever an answer may have changed; callers may cache by it. */
  readonly version: number
  find(id: string): Project | undefined
  /** The membership that the principal's own groups give; administrators are not the directory's business. */
  membership(principal: Principal, id: string): Membership | undefined
  /** Projects the principal is a member of, by name. */
  listFor(principal: Principal): readonly Project[]
  /** Every project, by name (for administrators). */
  all(): readonly Project[]
}

export type Access = 'project' | 'member' | 'login' | 'admin' | 'public'

/** What a request wants to do, as the application's profile reads it. */
export type Use = 'read' | 'write' | 'admin' | 'denied'

export interface AccessRules {
  readonly adminGroup: string
  /** Client ids whose client-credentials tokens are administrators (the service user). */
  readonly serviceUsers: ReadonlySet<string>
}

export interface Question {
  readonly access: Access
  readonly use: Use
  readonly principal: Principal | undefined
  readonly named: NamedProject
  /** The project that the browser session has selected; a hint, never a proof. */
  readonly selected: string | undefined
}

export type Role = 'admin' | 'editor' | 'viewer' | 'user' | 'anonymous'

export type Decision =
  | {
      allow: true
      reason: 'public-route' | 'signed-in' | 'admin' | 'project-member' | 'project-viewer' | 'member'
      role: Role
      project?: Project
    }
  | {
      allow: false
      reason:
        | 'login-required'
        | 'admin-only'
        | 'app-denied'
        | 'project-missing'
        | 'project-malformed'
        | 'project-ambiguous'
        | 'not-in-project'
        | 'not-a-member'
        | 'viewer-read-only'
    }

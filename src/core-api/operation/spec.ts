import type * as z from 'zod'
import type { Principal } from '../auth/principal.ts'
import type { CoreDeps } from '../deps.ts'
import type { ProjectRecord } from '../store/projects.ts'
import type { CoreReason } from './problems.ts'
import type { OperationRequest } from './request.ts'

/**
 * An endpoint in one description: authorization, validation and the OpenAPI document all come from it.
 *
 * Scopes: `public` needs no authentication; `signed-in` needs a principal; `project` also needs a project, and everything
 * happens within it.
 */
export type Scope = 'public' | 'signed-in' | 'project'

/** Who may call an operation, beyond its scope. `editor`: a member who may write, in a project that is not archived. */
export type Requirement = 'editor' | 'admin' | 'directory-reader' | 'job-user'

/** Who calls, and in which project. */
export interface Authorization {
  readonly principal: Principal | undefined
  readonly administrator: boolean
  readonly project: ProjectRecord | undefined
}

export interface Context<S extends Scope, Q, B> {
  readonly deps: CoreDeps
  readonly principal: S extends 'public' ? undefined : Principal
  readonly administrator: boolean
  /** The project that the request names. */
  readonly project: S extends 'project' ? ProjectRecord : ProjectRecord | undefined
  readonly params: Readonly<Record<string, string>>
  readonly query: Q
  readonly body: B
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /** Writes a line of the audit log. `facts` contain IDs and names, and no secret, encrypted or not. */
  readonly audit: (action: string, facts?: Readonly<Record<string, unknown>>) => void
}

export interface Reply<R> {
  readonly body?: R
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the operation's. */
  readonly status?: number
}

export interface OperationSpec<S extends Scope, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** Express path; `:id` is a UUID. */
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly scope: S
  readonly needs?: Requirement
  readonly query?: Q
  readonly body?: B
  readonly status: 200 | 201 | 204
  /** The response body. The body is parsed with it, so that fields it does not name are never sent. */
  readonly response?: R
  /** Reasons beside those that follow from scope, needs, query and body. */
  readonly reasons?: readonly CoreReason[]
  /** Sends an `ETag`, and takes `If-Match` or `If-None-Match`. */
  readonly revisions?: boolean
  handle(context: Context<S, z.output<Q>, z.output<B>>): Promise<Reply<z.input<R>>>
}

export interface Operation {
  readonly spec: Omit<OperationSpec<Scope, z.ZodObject, z.ZodType, z.ZodType>, 'handle'>
  run(
    authorization: Authorization,
    request: OperationRequest,
    deps: CoreDeps,
  ): Promise<Reply<unknown> & { status: number }>
}

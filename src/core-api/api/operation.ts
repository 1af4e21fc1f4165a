import { z } from 'zod'
import { fieldErrorsOf } from '../../shared/settings/field-errors.ts'
import { type Caller, isAdmin, isService, membership } from '../auth/caller.ts'
import type { CoreDeps } from '../deps.ts'
import { type CoreReason, Problem } from '../problems.ts'
import type { ProjectRecord } from '../store/projects.ts'
import { namedProject } from './named-project.ts'

/**
 * An endpoint, told once: what is judged, what is validated and what the OpenAPI document says come from the same
 * description.
 *
 * Scopes: `public` asks nobody; `signed-in` asks who; `project` asks also which project, and everything happens in it.
 */
export type Scope = 'public' | 'signed-in' | 'project'

export interface RawRequest {
  /** The request as far as proofs and the named project are read from it. */
  readonly headersDistinct: NodeJS.Dict<string[]>
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
  readonly requestId: string
}

export interface Context<S extends Scope, Q, B> {
  readonly deps: CoreDeps
  readonly caller: S extends 'public' ? undefined : Caller
  readonly admin: boolean
  readonly service: boolean
  /** The project in which this request is answered. */
  readonly project: S extends 'project' ? ProjectRecord : ProjectRecord | undefined
  readonly params: Readonly<Record<string, string>>
  readonly query: Q
  readonly body: B
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
  /** Writes a line of the audit log. `facts` hold ids and names, nothing sealed and nothing secret. */
  readonly audit: (action: string, facts?: Readonly<Record<string, unknown>>) => void
}

export interface Reply<R> {
  readonly body?: R
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the operation's. */
  readonly status?: number
}

const nothing = z.strictObject({})
type Nothing = typeof nothing

export interface OperationSpec<S extends Scope, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** Express path; `:id` is a UUID. */
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly scope: S
  /** Who may, beyond the scope. `editor`: a member who may write, in a project that is not archived. */
  readonly needs?: 'editor' | 'admin' | 'service'
  readonly query?: Q
  readonly body?: B
  readonly status: 200 | 201 | 204
  /** What the answer holds. It is parsed too: what the schema does not name is never sent. */
  readonly answer?: R
  /** Reasons beside those that follow from scope, needs, query and body. */
  readonly refuses?: readonly CoreReason[]
  /** Gives an `ETag`, and takes `If-Match` or `If-None-Match`. */
  readonly revisions?: boolean
  handle(context: Context<S, z.output<Q>, z.output<B>>): Promise<Reply<z.input<R>>>
}

export interface Operation {
  readonly spec: Omit<OperationSpec<Scope, z.ZodObject, z.ZodType, z.ZodType>, 'handle'>
  run(request: RawRequest, deps: CoreDeps): Promise<Reply<unknown> & { status: number }>
}

export function operation<
  S extends Scope,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined,
>(spec: OperationSpec<S, Q, B, R>): Operation {
  const { handle, ...told } = spec
  return {
    spec: told,
    async run(request, deps) {
      const standing = await standingOf(told, request, deps)
      const parsed = {
        query: parseQuery(told.query ?? nothing, request.query),
        body: told.body && parseBody(told.body, request.body),
      }
      const context = {
        deps,
        ...standing,
        ...parsed,
        ...requestFacts(request),
        audit: auditor(standing, request, deps),
      }
      // The pieces above are typed one by one; only their union needs to be told.
      const reply = await handle(context as Context<S, z.output<Q>, z.output<B>>)
      const body = told.answer && reply.body !== undefined ? told.answer.parse(reply.body) : undefined
      return { ...reply, body, status: reply.status ?? told.status }
    },
  }
}

interface Standing {
  readonly caller: Caller | undefined
  readonly admin: boolean
  readonly service: boolean
  readonly project: ProjectRecord | undefined
}

/** Who asks, in which project, and whether they may at all. @throws Problem */
async function standingOf(spec: Operation['spec'], request: RawRequest, deps: CoreDeps): Promise<Standing> {
  if (spec.scope === 'public') return { caller: undefined, admin: false, service: false, project: undefined }
  const rules = deps.config.access
  const caller = await deps.proofs.caller(request)
  const admin = isAdmin(caller, rules)
  const service = isService(caller, rules)
  if (spec.needs === 'admin' && !admin) throw new Problem('admin-only', spec.id)
  if (spec.needs === 'service' && !service) throw new Problem('service-only', spec.id)
  const project = await projectOf(spec, caller, admin, request, deps)
  return { caller, admin, service, project }
}

async function projectOf(
  spec: Operation['spec'],
  caller: Caller,
  admin: boolean,
  request: RawRequest,
  { projects }: CoreDeps,
): Promise<ProjectRecord | undefined> {
  const id = namedProject(request, caller)
  if (id === undefined) {
    if (spec.scope === 'project') throw new Problem('project-missing', spec.id)
    return undefined
  }
  const project = await projects.find(id)
  const member = project && membership(caller, project)
  // One answer for a project that is unknown and one that is not the caller's.
  if (!project || !(admin || member)) throw new Problem('not-in-project', id)
  if (spec.needs === 'editor') {
    if (!admin && member !== 'editor') throw new Problem('viewer-read-only', id)
    if (project.archived) throw new Problem('project-archived', id)
  }
  return project
}

function parseQuery<Q extends z.ZodObject>(schema: Q, query: URLSearchParams): z.output<Q> {
  const given: Record<string, unknown> = {}
  for (const key of new Set(query.keys())) {
    if (key === 'projectId') continue
    const values = query.getAll(key)
    given[key] = values.length === 1 ? values[0] : values
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  throw new Problem('query-invalid', 'query', { faults: fieldErrorsOf(result.error, given) })
}

function parseBody<B extends z.ZodType>(schema: B, body: unknown): z.output<B> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new Problem('body-invalid', 'body', { faults: fieldErrorsOf(result.error, body) })
}

function requestFacts({ params, headersDistinct }: RawRequest) {
  return {
    params,
    ifMatch: headersDistinct['if-match']?.join(', '),
    ifNoneMatch: headersDistinct['if-none-match']?.join(', '),
  }
}

function auditor({ caller, project }: Standing, { requestId }: RawRequest, { log }: CoreDeps) {
  return (action: string, facts: Readonly<Record<string, unknown>> = {}) =>
    log.info(
      {
        event: 'audit',
        action,
        subject: caller?.subject,
        user: caller?.username,
        project: project?.id,
        ...facts,
        request_id: requestId,
      },
      action,
    )
}

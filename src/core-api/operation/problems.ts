import type { FieldError } from '../../shared/settings/field-errors.ts'
import { StorageDown } from '../store/storage-errors.ts'

/**
 * Every reason for which the core API denies a request: its status, and the text that a client sees. A reason that the
 * gateway has too means the same and has the same status there.
 */
const REASONS = {
  'not-found': { status: 404, text: 'This resource does not exist in the project.' },
  'query-invalid': { status: 400, text: 'The query is not valid for this endpoint.' },
  'body-invalid': { status: 400, text: 'The request body is not valid for this endpoint.' },
  'body-malformed': { status: 400, text: 'The request body is not valid JSON.' },
  'body-too-large': { status: 413, text: 'The request body is too large for this endpoint.' },
  'request-timeout': { status: 408, text: 'The request body took too long to arrive.' },
  'unsupported-media-type': { status: 415, text: 'The request body must be application/json.' },
  'request-malformed': { status: 400, text: 'The request could not be parsed.' },
  'method-not-allowed': { status: 405, text: 'This endpoint does not support the method.' },
  'name-taken': { status: 409, text: 'The name or the ID is already in use.' },
  'precondition-failed': { status: 412, text: 'The resource has changed. Read it again, then repeat your change.' },
  'login-required': { status: 401, text: 'You are not signed in.' },
  'token-invalid': { status: 401, text: 'The access token is not valid.' },
  'credentials-ambiguous': { status: 400, text: 'The request contains more than one set of credentials.' },
  'admin-only': { status: 403, text: 'Only administrators may do this.' },
  'service-only': { status: 403, text: 'Only a service user with this permission may do this.' },
  'user-not-in-project': {
    status: 403,
    text: 'The user of the job is not known as a member of the project. Let the user open the project once.',
  },
  'credentials-outdated': {
    status: 409,
    text: 'The credentials were stored by an earlier version. Save the connection again, or run `core rotate-token`.',
  },
  'not-in-project': { status: 403, text: 'The project does not exist, or you are not a member of it.' },
  'viewer-read-only': { status: 403, text: 'Viewers of a project can only read.' },
  'project-missing': { status: 400, text: 'The request names no project.' },
  'project-malformed': { status: 400, text: 'The project ID is not a UUID.' },
  'project-ambiguous': { status: 400, text: 'The request names more than one project.' },
  'project-archived': { status: 409, text: 'The project is archived and can only be read.' },
  'credentials-unreadable': { status: 500, text: 'The stored credentials cannot be decrypted. Enter them again.' },
  'storage-down': { status: 503, text: 'The storage is not reachable. Nothing was changed.' },
  'issuer-down': { status: 503, text: 'The issuer is not reachable.' },
  internal: {
    status: 500,
    text: 'The request failed. If the problem persists, send the request ID to your administrator.',
  },
} as const

export type CoreReason = keyof typeof REASONS

export const CORE_REASONS = Object.keys(REASONS) as readonly CoreReason[]

export const reasonDetails = (reason: CoreReason): { readonly status: number; readonly text: string } => REASONS[reason]

interface ProblemOptions extends ErrorOptions {
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A request that is denied or failed. The client sees the text of the reason and `errors`. `message` and `cause` are for
 * the log. Neither contains a secret.
 */
export class Problem extends Error {
  readonly reason: CoreReason
  readonly errors: readonly FieldError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(reason: CoreReason, detail: string, { errors = [], headers = {}, ...options }: ProblemOptions = {}) {
    super(detail, options)
    this.name = 'Problem'
    this.reason = reason
    this.errors = errors
    this.headers = headers
  }

  get status(): number {
    return reasonDetails(this.reason).status
  }
}

/** Any error as a problem. The messages of parsers quote the body, which may contain a password, so they are dropped. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StorageDown)
    return new Problem('storage-down', error.message, { cause: error.cause, headers: { 'Retry-After': '5' } })
  const type: unknown = error instanceof Error ? Reflect.get(error, 'type') : undefined
  if (type === 'entity.too.large') return new Problem('body-too-large', 'body')
  if (typeof type === 'string') return new Problem('body-malformed', type)
  if (error instanceof URIError) return new Problem('request-malformed', 'path')
  return new Problem('internal', error instanceof Error ? error.name : 'not an error', { cause: error })
}

/** The response body (RFC 9457); `reason`, `request_id` and `errors` are its extension members. */
export function problemBody({ reason, errors }: Pick<Problem, 'reason' | 'errors'>, requestId: string) {
  const { status, text } = reasonDetails(reason)
  return {
    type: 'about:blank',
    title: text,
    status,
    reason,
    request_id: requestId,
    ...(errors.length > 0 ? { errors } : {}),
  }
}

import { REASONS } from '../gateway/errors.ts'
import type { FieldError } from '../shared/settings/field-errors.ts'

/** What the core API refuses for, beside the reasons it shares with the gateway: status and the words a client sees. */
const OWN = {
  'not-found': { status: 404, text: 'There is no such thing in this project.' },
  'query-invalid': { status: 400, text: 'The query is not valid for this endpoint.' },
  'body-invalid': { status: 400, text: 'The request body is not valid for this endpoint.' },
  'unsupported-media-type': { status: 415, text: 'The body must be application/json.' },
  'name-taken': { status: 409, text: 'The name, or the id, is already in use.' },
  'project-archived': { status: 409, text: 'The project is archived: it can be read, not changed.' },
  'precondition-failed': { status: 412, text: 'It was changed meanwhile. Read it again, then repeat your change.' },
  'service-only': { status: 403, text: 'Only the service user may do this.' },
  'storage-down': { status: 503, text: 'The storage cannot be reached; nothing was changed.' },
  'credentials-unreadable': { status: 500, text: 'The stored credentials cannot be read. Enter them again.' },
} as const

/** Reasons that mean the same here as at the gateway. */
const SHARED = [
  'request-malformed',
  'credentials-ambiguous',
  'method-not-allowed',
  'body-too-large',
  'body-malformed',
  'login-required',
  'token-invalid',
  'admin-only',
  'not-in-project',
  'viewer-read-only',
  'project-missing',
  'project-malformed',
  'project-ambiguous',
  'issuer-down',
  'internal',
] as const satisfies readonly (keyof typeof REASONS)[]

export type CoreReason = keyof typeof OWN | (typeof SHARED)[number]

export const coreReasons: readonly CoreReason[] = [...(Object.keys(OWN) as (keyof typeof OWN)[]), ...SHARED]

const isOwn = (reason: CoreReason): reason is keyof typeof OWN => Object.hasOwn(OWN, reason)

export const wordsOf = (reason: CoreReason): { readonly status: number; readonly text: string } =>
  isOwn(reason) ? OWN[reason] : REASONS[reason]

/**
 * A request that ends here. A client sees the reason's words and `faults`; `detail` and `cause` are for the log and
 * hold no secret.
 */
export class Problem extends Error {
  readonly reason: CoreReason
  readonly faults: readonly FieldError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(
    reason: CoreReason,
    detail: string,
    options: ErrorOptions & { faults?: readonly FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail, options)
    this.name = 'Problem'
    this.reason = reason
    this.faults = options.faults ?? []
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return wordsOf(this.reason).status
  }
}

/** The answer's body (RFC 9457); `reason`, `request_id` and `errors` are its extension members. */
export function problemBody({ reason, faults }: Pick<Problem, 'reason' | 'faults'>, requestId: string) {
  const { status, text } = wordsOf(reason)
  return {
    type: 'about:blank',
    title: text,
    status,
    reason,
    request_id: requestId,
    ...(faults.length > 0 ? { errors: faults } : {}),
  }
}

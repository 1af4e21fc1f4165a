import type { Reason } from '../../errors.ts'
import type { DialectRefusal } from '../profile.ts'

/** MLflow's error code of a status. Its clients know these names, raise for them, and retry 429 and 5xx alone. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  502: 'TEMPORARILY_UNAVAILABLE',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/**
 * A refusal as MLflow's clients read one; `reason` and `request_id` are the gateway's own. A body that is too large is
 * an invalid parameter to them: MLflow itself has no 413.
 */
export function mlflowRefusal(reason: Reason, spoken: number, message: string, requestId: string): DialectRefusal {
  const status = spoken === 413 ? 400 : spoken
  const error_code = ERROR_CODES[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR')
  return {
    status,
    contentType: 'application/json',
    body: JSON.stringify({ error_code, message, reason, request_id: requestId }),
  }
}

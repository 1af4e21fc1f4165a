import type { Reason } from '../../errors.ts'
import type { AppRefusal } from '../profile.ts'

/** MLflow's error code for a status. Its clients raise these names, and retry only 429 and 5xx. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  407: 'UNAUTHENTICATED',
  429: 'REQUEST_LIMIT_EXCEEDED',
  502: 'TEMPORARILY_UNAVAILABLE',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/**
 * A refusal in MLflow's error format; `reason`, `request_id` and `trace_id` are the gateway's own. A body that is too large becomes
 * an invalid parameter: MLflow itself has no 413.
 */
export function mlflowRefusal(
  reason: Reason,
  gatewayStatus: number,
  message: string,
  requestId: string,
  traceId?: string,
): AppRefusal {
  const status = gatewayStatus === 413 ? 400 : gatewayStatus
  const error_code = ERROR_CODES[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR')
  return {
    status,
    contentType: 'application/json',
    body: JSON.stringify({ error_code, message, reason, request_id: requestId, trace_id: traceId }),
  }
}

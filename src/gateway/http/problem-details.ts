/**
 * A refusal as problem details, for browsers' scripts and for applications without an error format of their own.
 * `reason`, `request_id` and, while
 * tracing is on, `trace_id` are extension members.
 * @see RFC 9457 §3
 */
export function problemDetails(reason: string, status: number, message: string, requestId: string, traceId?: string) {
  const body = JSON.stringify({
    type: 'about:blank',
    title: message,
    status,
    reason,
    request_id: requestId,
    trace_id: traceId,
  })
  return { contentType: 'application/problem+json', body }
}

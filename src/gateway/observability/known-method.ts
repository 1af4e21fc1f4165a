/** Methods that are recorded by their name (OpenTelemetry's conventions for HTTP, `http.request.method`). */
const METHODS: ReadonlySet<string> = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
])

/** A method as metrics and spans name it. What clients invent is one value, so that nobody can make series without end. */
export const knownMethod = (method: string): string => (METHODS.has(method) ? method : '_OTHER')

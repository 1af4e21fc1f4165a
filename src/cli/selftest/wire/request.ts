/** A request written by hand. Nothing is corrected. */
export interface RawRequest {
  readonly method?: string
  /** The request target as it is sent. */
  readonly target: string
  /** `Name: value`, without the line end. They come after Host, User-Agent and Accept. */
  readonly lines?: readonly string[]
  readonly body?: string
  /** Value of Host. */
  readonly host: string
  /** Value of Accept: JSON lets the gateway name the reason of a denial. */
  readonly accept?: string
}

/** In every request, so that operators find the run in their logs. */
export const USER_AGENT = 'modelops-gateway-selftest'

export function bytesOf({ method = 'GET', target, lines = [], body, host, accept }: RawRequest): string {
  const has = (name: string) => lines.some((line) => line.toLowerCase().startsWith(`${name}:`))
  const length = body === undefined || has('content-length') || has('transfer-encoding')
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...(has('user-agent') ? [] : [`User-Agent: ${USER_AGENT}`]),
    ...(has('accept') ? [] : [`Accept: ${accept ?? 'application/json'}`]),
    ...lines,
    ...(length ? [] : [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]),
    ...(has('connection') ? [] : ['Connection: close']),
    '',
    body ?? '',
  ].join('\r\n')
}

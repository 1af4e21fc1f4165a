/** Parsers of others, by the name that a comparison uses. */
export const PARSERS = {
  'node:requests': 'Node’s own HTTP server',
  'node:response': 'Node’s own HTTP client',
  'nginx:requests': 'a real nginx',
  'http.server': 'Python’s http.server',
  h11: 'h11, as uvicorn uses it',
  werkzeug: 'werkzeug’s development server and its Request',
  starlette: 'starlette’s Request, with the scope of uvicorn',
  path: 'Python’s unquote and posixpath',
  query: 'the query parsers of Python, werkzeug and starlette',
  cookies: 'the cookie parsers of Python, werkzeug and starlette',
  'h11:response': 'h11 as a client',
  'http.client': 'Python’s http.client',
  json: 'Python’s json',
  'otlp:protobuf': 'Python’s protobuf with OpenTelemetry’s messages',
  'otlp:json': 'protobuf’s json_format, as MLflow calls it',
  jwt: 'Python’s base64 and json',
} as const

export type Parser = keyof typeof PARSERS

/** What another parser read, or why it could not. */
export type Reading =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: string }

/** Other parsers, in this process or in another. */
export interface Oracle {
  readonly parsers: readonly Parser[]
  /** @param inputs Bytes, as Latin-1. @returns One reading for each */
  read(parser: Parser, inputs: readonly string[]): Promise<readonly Reading[]>
  close(): Promise<void> | void
}

/** A request as another parser reads it. */
export interface ReadRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Bytes of the body. */
  readonly body: number
}

/** A request as far as operations read it. */
export interface OperationRequest {
  /** For authentication, the named project and the preconditions. */
  readonly headersDistinct: NodeJS.Dict<string[]>
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
  readonly requestId: string
}

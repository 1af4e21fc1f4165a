/** How a response is rewritten; it must be small. */
export interface Rewrite {
  readonly maxBytes: number
  apply(status: number, body: Buffer, contentType: string): Buffer
}

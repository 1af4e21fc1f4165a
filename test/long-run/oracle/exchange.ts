/** Who sends a request, and in which project. */
export interface Principal {
  readonly user: string
  /** Absent: the route needs none, and none is named. */
  readonly project?: string | undefined
}

/** A request of the run, and the only response that is right. */
export interface Expected {
  readonly kind: string
  readonly nonce: string
  /** Which way it goes: `replica-0`, `replica-1` or `caddy`. */
  readonly entrance: string
  /** The upstream behind the route, or of the other requests of the connection. Absent: no upstream takes part. */
  readonly upstream?: string | undefined
  /** `performance.now()` when it began. */
  readonly startedAt: number
  /** Absent: the client leaves, and whatever comes before is right if it is its own. */
  readonly status?: number
  /** The reason of a denial. */
  readonly reason?: string
  /** Whom the upstream must have seen. Absent: nobody. */
  readonly principal?: Principal | undefined
  /** The checksum and the length of the request body, as the upstream must have seen it. */
  readonly body?: { readonly bytes: number; readonly sha256: string } | undefined
  /** How long the response body must be. */
  readonly responseBytes?: number
  /** How often the upstream may have received it: once, or twice where it may be repeated (RFC 9110 §9.2.2). */
  readonly deliveries?: number
  /** The response must be cut off: the upstream breaks it. */
  readonly cut?: true
}

/** What came back. */
export interface Received {
  readonly endedAt: number
  readonly status?: number | undefined
  readonly reason?: string | undefined
  /** Of a denial, as the log of the gateway has it. */
  readonly requestId?: string | undefined
  readonly nonce?: string | undefined
  readonly headerNonce?: string | undefined
  readonly user?: string | undefined
  readonly project?: string | undefined
  readonly upstream?: string | undefined
  readonly body?: { readonly bytes: number; readonly sha256: string } | undefined
  readonly deliveries?: number | undefined
  /** Length of the response body. */
  readonly bytes?: number | undefined
  /** What is wrong with the response body as such: bytes of another body, a gap between events. */
  readonly foreign?: string | undefined
  /** How it ended before its end: a code such as ECONNRESET, or `cut`. */
  readonly failure?: string | undefined
}

/** What an upstream says about a request that it got: whose it is, as the gateway vouches for it. */
export interface Echo {
  /** Name of the upstream. */
  readonly upstream: string
  readonly method: string
  readonly nonce: string
  /** The nonce in the header, which must be that of the path. */
  readonly headerNonce: string | undefined
  readonly user: string | undefined
  readonly groups: string | undefined
  readonly project: string | undefined
  readonly bytes: number
  readonly sha256: string
  /** How often this nonce has arrived at this process. */
  readonly deliveries: number
}

/** Request header with the nonce. */
export const NONCE_HEADER = 'x-long-run-nonce'
/** Response headers with whom the upstream responds to. */
export const ECHO_HEADERS = { nonce: 'x-echo-nonce', user: 'x-echo-user', project: 'x-echo-project' } as const

/** What a request asks of the upstream; its path ends with this and the nonce. */
export const ACTIONS = ['echo', 'bytes', 'events', 'socket', 'cut'] as const
export type Action = (typeof ACTIONS)[number]

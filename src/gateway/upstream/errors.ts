/**
 * Why an exchange with an upstream failed:
 * - `unreachable`: no connection could be opened, or it broke before the response was complete.
 * - `busy`: no connection of the pool became free in time.
 * - `timeout`: the upstream did not accept a connection, or did not respond, in time.
 * - `invalid`: the response is not valid HTTP/1.x, or has two readings.
 * - `client-stalled`: the client stopped sending the request body, or stopped reading the response.
 * - `sink`: the receiver of the response threw; `cause` is what it threw.
 */
export type UpstreamErrorKind = 'unreachable' | 'busy' | 'timeout' | 'invalid' | 'client-stalled' | 'sink'

/** The only error that this room reports. `message` is for the log and contains nothing of a request or a response. */
export class UpstreamError extends Error {
  readonly kind: UpstreamErrorKind

  constructor(kind: UpstreamErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UpstreamError'
    this.kind = kind
  }
}

export const invalid = (message: string): UpstreamError => new UpstreamError('invalid', message)

/**
 * Every reason the gateway can refuse a request with: its status, and the words a browser may see.
 * A reason is part of the public contract; `docs/reference/reasons.md` is generated from this table.
 */
export const REASONS = {
  // what the request is
  'request-malformed': {
    status: 400,
    text: 'The request could not be understood.',
    hint: 'Check the address and try again.',
  },
  'url-too-long': { status: 414, text: 'The address is too long.', hint: 'Send the parameters in the body.' },
  'headers-too-large': {
    status: 431,
    text: 'The request has too many or too long header fields.',
    hint: 'Delete the cookies of this site and try again.',
  },
  'path-ambiguous': {
    status: 400,
    text: 'The address can be read in more than one way.',
    hint: 'Use a plain path without encoded slashes, dot segments or doubled slashes.',
  },
  'unknown-host': {
    status: 421,
    text: 'This gateway does not answer for that host name.',
    hint: 'Use the address your administrator published.',
  },
  'no-route': {
    status: 404,
    text: 'There is nothing at this address.',
    hint: 'Go back to the start page and choose an application.',
  },
  'method-not-allowed': {
    status: 405,
    text: 'That method is not allowed here.',
    hint: 'See the API documentation of the application.',
  },
  'body-too-large': {
    status: 413,
    text: 'The request body is too large for this endpoint.',
    hint: 'Send less in one request.',
  },
  'body-malformed': {
    status: 400,
    text: 'The request body is not valid for this endpoint.',
    hint: 'Send one JSON object without repeated keys.',
  },
  'body-refused': {
    status: 400,
    text: 'The request body asks for something the gateway does not pass on.',
    hint: 'See the guide of the application for what is available.',
  },
  'request-timeout': {
    status: 408,
    text: 'The request took too long to arrive.',
    hint: 'Try again on a steadier connection.',
  },
  'proxy-untrusted': {
    status: 403,
    text: 'Only a trusted proxy may ask this.',
    hint: 'Add the address of the proxy to server.trustedProxies.',
  },
  'rate-limited': { status: 429, text: 'Too many attempts.', hint: 'Wait a moment, then try again.' },
  // who asks
  'login-required': {
    status: 401,
    text: 'You are not signed in.',
    hint: 'Sign in, or send an access token as a bearer token.',
  },
  'token-invalid': {
    status: 401,
    text: 'The access token is not accepted.',
    hint: 'Get a new access token from the issuer.',
  },
  'credentials-ambiguous': {
    status: 400,
    text: 'The request carries two different identities.',
    hint: 'Send either a session cookie or an Authorization header.',
  },
  'cross-origin': {
    status: 403,
    text: 'This request came from another site.',
    hint: 'Open the application through the gateway and try again.',
  },
  // what they may do
  'admin-only': { status: 403, text: 'Only administrators may do this.', hint: 'Ask an administrator.' },
  'not-a-member': {
    status: 403,
    text: 'You are not a member of any project.',
    hint: 'Ask an administrator to add you to a project group.',
  },
  'not-in-project': {
    status: 403,
    text: 'There is no such project, or you are not a member of it.',
    hint: 'Choose one of your projects, or ask its owner to add you.',
  },
  'viewer-read-only': {
    status: 403,
    text: 'You may read this project but not change it.',
    hint: 'Ask the project’s owner for a role that may write.',
  },
  'app-denied': {
    status: 403,
    text: 'The gateway does not pass this function of the application on.',
    hint: 'See the guide of the application for what is available.',
  },
  // which project
  'project-missing': {
    status: 400,
    text: 'The request names no project.',
    hint: 'Send AOA-Project-ID, add ?projectId=, or select a project.',
  },
  'project-malformed': {
    status: 400,
    text: 'The project is not a UUID.',
    hint: 'Send the project’s UUID in lower case.',
  },
  'project-ambiguous': {
    status: 400,
    text: 'The request names more than one project.',
    hint: 'Name the project once.',
  },
  // signing in
  'login-expired': {
    status: 400,
    text: 'This sign-in link has expired or was already used.',
    hint: 'Start again from the application.',
  },
  'login-refused': {
    status: 403,
    text: 'The issuer did not sign you in.',
    hint: 'Try again, or ask your administrator.',
  },
  'login-failed': {
    status: 502,
    text: 'Signing in failed because the issuer’s answer could not be used.',
    hint: 'Try again; if it stays, give the request id to your administrator.',
  },
  'issuer-down': { status: 503, text: 'The sign-in service cannot be reached.', hint: 'Try again in a moment.' },
  'store-down': {
    status: 503,
    text: 'The session store cannot be reached.',
    hint: 'You are still signed in; try again in a moment.',
  },
  draining: { status: 503, text: 'The gateway is about to stop.', hint: 'Try again in a moment.' },
  'projects-down': { status: 503, text: 'The list of projects cannot be reached.', hint: 'Try again in a moment.' },
  // the application behind
  'upstream-down': { status: 502, text: 'The application did not answer.', hint: 'Try again in a moment.' },
  'upstream-invalid': {
    status: 502,
    text: 'The application’s answer could not be understood.',
    hint: 'Give the request id to your administrator.',
  },
  'upstream-timeout': { status: 504, text: 'The application took too long to answer.', hint: 'Try again in a moment.' },
  'upstream-not-ready': {
    status: 503,
    text: 'The application is not ready for this project yet.',
    hint: 'Try again in a moment.',
  },
  internal: { status: 500, text: 'The gateway failed.', hint: 'Give the request id to your administrator.' },
} as const satisfies Record<string, { status: number; text: string; hint: string }>

export type Reason = keyof typeof REASONS

export interface RefusalOptions extends ErrorOptions {
  /** Shown after the reason's text instead of its hint: which field, what was expected. Holds nothing secret. */
  explain?: string
  /** Response headers that belong to the reason: `Retry-After`, `WWW-Authenticate`, `Allow`. */
  headers?: Record<string, string>
}

/**
 * A request that ends here. A client sees `REASONS[reason]` and `explain`; `detail` and `cause` are for the log alone
 * and must hold no token, cookie, code or secret.
 */
export class Refusal extends Error {
  readonly reason: Reason
  readonly headers: Record<string, string>
  readonly explain: string

  constructor(reason: Reason, detail: string, options: RefusalOptions = {}) {
    super(detail, options)
    this.name = 'Refusal'
    this.reason = reason
    this.headers = options.headers ?? {}
    this.explain = options.explain ?? REASONS[reason].hint
  }

  get status(): number {
    return REASONS[this.reason].status
  }
}

/** What a client is told about a reason. */
interface ReasonRow {
  readonly status: number
  /** What is wrong. "The application" stands for its name, where that is known: {@link textOf}. */
  readonly text: string
  /** What to do next. */
  readonly hint: string
  /** Sent as `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds?: number
}

/**
 * Every reason for which the gateway denies a request: its status and the text that clients see. A reason is part of the
 * public contract. `docs/reference/reasons.md` is generated from this table.
 */
export const REASONS = {
  // the request
  'request-malformed': {
    status: 400,
    text: 'The request is not valid.',
    hint: 'Check the URL and the headers, then try again.',
  },
  'url-too-long': {
    status: 414,
    text: 'The URL is too long.',
    hint: 'Send the parameters in the request body.',
  },
  'headers-too-large': {
    status: 431,
    text: 'The request headers are too large.',
    hint: 'Delete the cookies of this site, then try again.',
  },
  'path-ambiguous': {
    status: 400,
    text: 'The path of the URL is ambiguous.',
    hint: 'Use a path without encoded slashes, dot segments or repeated slashes.',
  },
  'unknown-host': {
    status: 421,
    text: 'This gateway does not serve this host name.',
    hint: 'Use the URL that your administrator gave you.',
  },
  'no-route': {
    status: 404,
    text: 'There is no page or application at this URL.',
    hint: 'Go to the start page and choose an application.',
  },
  'method-not-allowed': {
    status: 405,
    text: 'This HTTP method is not allowed at this URL.',
    hint: 'See the documentation of the application for the methods it supports.',
  },
  'body-too-large': {
    status: 413,
    text: 'The request body is too large for this endpoint.',
    hint: 'Send less data in one request.',
  },
  'body-malformed': {
    status: 400,
    text: 'The request body is not valid for this endpoint.',
    hint: 'Send one JSON object without duplicate keys.',
  },
  'body-refused': {
    status: 400,
    text: 'The request body uses an MLflow feature that is not available through the gateway.',
    hint: 'See the MLflow guide for the available features.',
  },
  'request-timeout': {
    status: 408,
    text: 'The request took too long to arrive.',
    hint: 'Check your network connection, then try again.',
  },
  'proxy-untrusted': {
    status: 403,
    text: 'This endpoint is only available to trusted proxies.',
    hint: 'Add the address of the proxy to server.trustedProxies.',
  },
  'rate-limited': {
    status: 429,
    text: 'Too many attempts.',
    hint: 'Wait a moment, then try again.',
  },
  // the caller
  'login-required': {
    status: 401,
    text: 'You are not signed in.',
    hint: 'Sign in, or send an access token in the Authorization header.',
  },
  'token-invalid': {
    status: 401,
    text: 'The access token is not valid.',
    hint: 'Get a new access token from the issuer.',
  },
  'no-rule-matches': {
    status: 403,
    text: 'The access token is valid, but no rule of the gateway makes its subject a member of a project.',
    hint: 'Ask an administrator to compare the claims of the token with the rules for its issuer.',
  },
  'proof-invalid': {
    status: 401,
    text: 'The proof that you own the access token is not valid.',
    hint: 'Send the request with the key or the certificate that the token is bound to.',
  },
  'proof-nonce-required': {
    status: 401,
    text: 'The DPoP proof must contain the nonce of the gateway.',
    hint: 'Repeat the request with a proof that contains the value of the response header DPoP-Nonce.',
  },
  'step-up-required': {
    status: 401,
    text: 'You must confirm who you are.',
    hint: 'Sign in again in the way that this part of the application requires.',
  },
  'credentials-ambiguous': {
    status: 400,
    text: 'The request contains two different identities.',
    hint: 'Send either the session cookie or an Authorization header.',
  },
  'cross-origin': {
    status: 403,
    text: 'This request came from another site.',
    hint: 'Open the application through the gateway, then try again.',
  },
  // access
  'admin-only': {
    status: 403,
    text: 'Only administrators can do this.',
    hint: 'Ask an administrator if you need it.',
  },
  'not-a-member': {
    status: 403,
    text: 'You are not a member of any project.',
    hint: 'Ask an administrator to add you to a project group.',
  },
  'not-in-project': {
    status: 403,
    text: 'The project does not exist, or you are not a member of it.',
    hint: 'Choose one of your projects, or ask an administrator to add you.',
  },
  'viewer-read-only': {
    status: 403,
    text: 'You have read-only access to this project.',
    hint: 'Ask an administrator for the editor role if you need to make changes.',
  },
  'no-such-object': {
    status: 404,
    text: 'There is no such object in this project.',
    hint: 'Check the identifier, and the project that the request names.',
  },
  'app-denied': {
    status: 403,
    text: 'This feature of the application is not available through the gateway.',
    hint: 'Ask an administrator if you need it.',
  },
  // the project
  'project-missing': {
    status: 400,
    text: 'The request does not name a project.',
    hint: 'Send the AOA-Project-ID header, add ?projectId= to the URL, or select a project.',
  },
  'project-malformed': {
    status: 400,
    text: 'The project ID is not a UUID.',
    hint: 'Send the UUID of the project, such as 11111111-1111-4111-8111-111111111111.',
  },
  'project-ambiguous': {
    status: 400,
    text: 'The request names more than one project.',
    hint: 'Name exactly one project.',
  },
  // sign-in and the services of the gateway
  'login-expired': {
    status: 400,
    text: 'This sign-in link has expired or was already used.',
    hint: 'Start again from the application.',
  },
  'login-refused': {
    status: 403,
    text: 'The sign-in service did not sign you in.',
    hint: 'Try again. If the problem persists, ask your administrator.',
  },
  'step-up-failed': {
    status: 403,
    text: 'Your sign-in does not reach the required level.',
    hint: 'Sign in again with the second factor or method that is required here. If you have none, ask your administrator to set it up for your account. If you were signed in before, you still are.',
  },
  'login-failed': {
    status: 502,
    text: 'Sign-in failed because the response of the sign-in service is not valid.',
    hint: 'Try again. If the problem persists, send the request ID to your administrator.',
  },
  'issuer-down': {
    status: 503,
    text: 'The sign-in service does not respond.',
    hint: 'Sign-in is not possible right now. Existing sessions continue. Try again in a moment.',
    retryAfterSeconds: 5,
  },
  'store-down': {
    status: 503,
    text: 'The session store is not reachable.',
    hint: 'You are still signed in. Try again in a moment.',
    retryAfterSeconds: 5,
  },
  draining: {
    status: 503,
    text: 'The gateway is shutting down.',
    hint: 'Try again in a moment.',
    retryAfterSeconds: 1,
  },
  'exchange-refused': {
    status: 403,
    text: 'The sign-in service does not give you a token for the application.',
    hint: 'Ask an administrator for access to the application, and send the request ID.',
  },
  'exchange-invalid': {
    status: 502,
    text: 'The sign-in service returned a token that the application must not get.',
    hint: 'Send the request ID to your administrator.',
  },
  'projects-down': {
    status: 503,
    text: 'The list of projects is not available.',
    hint: 'Try again in a moment.',
    retryAfterSeconds: 5,
  },
  'audit-unavailable': {
    status: 503,
    text: 'Changes are not possible right now, because they cannot be recorded.',
    hint: 'You can still read. Try again in a moment.',
    retryAfterSeconds: 5,
  },
  // the application
  'upstream-down': {
    status: 502,
    text: 'The application does not respond.',
    hint: 'Try again in a moment. If the problem persists, send the request ID to your administrator.',
    retryAfterSeconds: 5,
  },
  'upstream-invalid': {
    status: 502,
    text: 'The response of the application is not valid HTTP.',
    hint: 'If the problem persists, send the request ID to your administrator.',
  },
  'upstream-timeout': {
    status: 504,
    text: 'The application took too long to respond.',
    hint: 'Try again in a moment.',
    retryAfterSeconds: 5,
  },
  'upstream-not-ready': {
    status: 503,
    text: 'The application is not ready for this project yet.',
    hint: 'Try again in a moment.',
    retryAfterSeconds: 5,
  },
  internal: {
    status: 500,
    text: 'An internal error occurred.',
    hint: 'If the problem persists, send the request ID to your administrator.',
  },
} as const satisfies Record<string, ReasonRow>

export type Reason = keyof typeof REASONS

/** Reasons whose text is about the application that the request was for. */
const NAMES_APPLICATION = /^(?:upstream|exchange)-/

/** What is wrong, for the client. @param application Its name as people read it; undefined: the reason is about no application */
export function textOf(reason: Reason, application: string | undefined): string {
  const { text } = REASONS[reason]
  if (application === undefined || !NAMES_APPLICATION.test(reason)) return text
  return text.replace(/\bthe application\b/i, () => application)
}

/** Whether the same request may succeed a moment later, with nothing changed by the client. */
export const isTemporary = (reason: Reason): boolean => 'retryAfterSeconds' in REASONS[reason]

export interface RefusalOptions extends ErrorOptions {
  /** Shown after the reason's text instead of its hint: which field, what was expected. Contains no secret. */
  explain?: string
  /** Response headers that belong to this refusal: `Retry-After`, `WWW-Authenticate`, `Allow`. */
  headers?: Record<string, string>
}

/**
 * Ends a request. A client sees `REASONS[reason]` and `explain`; `detail` and `cause` are for the log alone and must
 * contain no token, cookie, code or secret.
 */
export class Refusal extends Error {
  readonly reason: Reason
  readonly headers: Record<string, string>
  readonly explain: string

  constructor(reason: Reason, detail: string, options: RefusalOptions = {}) {
    super(detail, options)
    this.name = 'Refusal'
    this.reason = reason
    this.headers = { ...retryAfter(REASONS[reason]), ...options.headers }
    this.explain = options.explain ?? REASONS[reason].hint
  }

  get status(): number {
    return REASONS[this.reason].status
  }
}

const retryAfter = ({ retryAfterSeconds }: ReasonRow) =>
  retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }

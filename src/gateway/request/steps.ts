import type { Reason } from '../errors.ts'
import type { RequestContext } from '../routing/request-context.ts'

/** The steps of the request path as administrators read them, in order. */
export const STEPS = {
  syntax: {
    title: 'Request syntax',
    about: 'Checks that the request line, the headers and the path can be read in one way only.',
  },
  host: { title: 'Host', about: 'Checks that the host name is one of the gateway or of a route.' },
  endpoint: {
    title: 'Endpoint of the gateway',
    about: 'Handles a request for a page or endpoint of the gateway itself.',
  },
  route: { title: 'Route', about: 'Finds the route that covers the path and permits the method.' },
  authenticate: {
    title: 'Authentication',
    about: 'Checks that the session, token or credentials of the caller are valid.',
  },
  'cross-origin': {
    title: 'Cross-origin check',
    about: 'Checks that a request with a session comes from a permitted origin.',
  },
  decide: {
    title: 'Decision',
    about: 'Checks that the groups of the caller permit the request in the project that it names.',
  },
  record: { title: 'Audit trail', about: 'Checks that what a writing request does can be recorded.' },
  application: {
    title: 'Application rules',
    about: 'Checks that the request uses nothing that the gateway denies for this application.',
  },
  forward: { title: 'Forwarding', about: 'Sends the request to the application, which must respond.' },
} as const satisfies Record<string, { readonly title: string; readonly about: string }>

export type Step = keyof typeof STEPS

/** The steps of a request that was denied at `step`: those of the gateway's own endpoints, or those of a route. */
export function stepsOf(step: Step): readonly Step[] {
  const all = Object.keys(STEPS) as Step[]
  if (step === 'endpoint') return ['syntax', 'host', 'endpoint']
  return all.filter((each) => each !== 'endpoint')
}

const AUTHENTICATION: ReadonlySet<Reason> = new Set([
  'token-invalid',
  'no-rule-matches',
  'proof-invalid',
  'proof-nonce-required',
  'credentials-ambiguous',
  'rate-limited',
  'store-down',
  'issuer-down',
  'login-failed',
])

const DECISION: ReadonlySet<Reason> = new Set([
  'login-required',
  'admin-only',
  'app-denied',
  'project-missing',
  'project-malformed',
  'project-ambiguous',
  'not-in-project',
  'not-a-member',
  'viewer-read-only',
  'step-up-required',
  'projects-down',
])

const FORWARDING: ReadonlySet<Reason> = new Set([
  'upstream-down',
  'upstream-invalid',
  'upstream-timeout',
  'upstream-not-ready',
  'exchange-refused',
  'exchange-invalid',
  'issuer-down', // while a token was exchanged
  'draining',
  'internal',
])

/** The step at which a request was denied, from what the steps before it have filled in. */
export function stepOf(
  { target, host, endpoint, admission }: Pick<RequestContext, 'target' | 'host' | 'endpoint' | 'admission'>,
  reason: Reason,
): Step {
  if (target === undefined) return 'syntax'
  if (host === '') return 'host'
  if (endpoint !== undefined && endpoint !== '/auth/verify') return 'endpoint'
  if (reason === 'cross-origin') return 'cross-origin'
  if (admission !== undefined) return FORWARDING.has(reason) ? 'forward' : 'application'
  if (reason === 'audit-unavailable') return 'record'
  if (AUTHENTICATION.has(reason)) return 'authenticate'
  return DECISION.has(reason) ? 'decide' : 'route'
}

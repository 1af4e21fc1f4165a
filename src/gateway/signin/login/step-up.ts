import type { SignedIn } from '../../issuer/grants.ts'
import { type StepUp, shortfallOf } from '../../policy/step-up.ts'
import type { Session } from '../../sessions/session.ts'
import { detailOf, explained, stepUpFailed } from '../../tokens/step-up-refusal.ts'
import type { SignInContext } from '../sign-in-context.ts'
import type { SignInRequest } from '../sign-in-request.ts'
import type { StartedStepUp } from './pending-logins.ts'

/**
 * Begins a sign-in that must reach a level. The link to it contains a name alone: the level is in the configuration.
 * @param name Of what demands it. Undefined: nothing does.
 * @throws Refusal store-down
 */
export async function startStepUp(
  { sessions }: SignInContext,
  { head }: SignInRequest,
  name: string | undefined,
): Promise<StartedStepUp | undefined> {
  if (name === undefined) return undefined
  return { name, subject: (await sessions.find(head.headers.cookie))?.principal.subject }
}

/** The parameters of the authorization request (OIDC Core §3.1.2.1). @param maxAge That of every sign-in */
export function stepUpParameters(rule: StepUp | undefined, maxAge: number | undefined): Record<string, string> {
  const limits = [rule?.maxAgeSeconds, maxAge].filter((limit) => limit !== undefined)
  return {
    ...(rule?.acr !== undefined && { acr_values: rule.acr.join(' ') }),
    ...(limits.length > 0 && { max_age: String(Math.min(...limits)) }),
  }
}

/**
 * Checks a completed sign-in against the current rule: the issuer may have ignored what it was asked for. The rule is
 * that of the request path, so that a sign-in which passes here is not sent to the issuer again there.
 * @returns the session that the sign-in replaces, if it is one of the same user
 * @throws Refusal step-up-failed, store-down: the browser keeps the session that it has
 */
export async function checkStepUp(
  { sessions, stepUps, clock }: SignInContext,
  { head }: SignInRequest,
  started: StartedStepUp,
  signedIn: SignedIn,
): Promise<Session | undefined> {
  const previous = await sessions.find(head.headers.cookie)
  const expected = previous?.principal.subject ?? started.subject
  if (expected !== undefined && expected !== signedIn.principal.subject)
    throw stepUpFailed(
      'another user signed in than the one of the session',
      'You signed in as another user. Sign in as the user of this session, or sign out first.',
    )
  const rule = stepUps.get(started.name)
  const shortfall = rule && shortfallOf(rule, signedIn, clock())
  if (shortfall)
    throw stepUpFailed(
      `the issuer did not authenticate the user as asked: ${detailOf(shortfall)}`,
      explained(shortfall),
    )
  return previous
}

export type KeptOfSession = Pick<Session, 'acr' | 'authenticatedAt' | 'selectedProject'>

/**
 * What a step-up leaves as it is, of the session that it replaces. An issuer may state only what it was asked for: the
 * level that one route demands must not be lost when another one demands a recent authentication.
 */
export function keptOf(previous: Session | undefined): KeptOfSession {
  const { acr, authenticatedAt, selectedProject } = previous ?? {}
  return {
    ...(acr !== undefined && { acr }),
    ...(authenticatedAt !== undefined && { authenticatedAt }),
    ...(selectedProject !== undefined && { selectedProject }),
  }
}

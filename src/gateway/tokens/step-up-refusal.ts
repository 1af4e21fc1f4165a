import { printable } from '../../shared/printable.ts'
import { Refusal } from '../errors.ts'
import type { Shortfall, StepUp } from '../policy/step-up.ts'

/** The denial of a request whose caller did not authenticate as the route demands (RFC 9470 §3). */
export function stepUpRequired(rule: StepUp, shortfall: Shortfall): Refusal {
  return new Refusal('step-up-required', detailOf(shortfall), {
    headers: { 'WWW-Authenticate': challengeOf(rule) },
    explain: explained(shortfall),
  })
}

/** The denial of a sign-in that was to reach a level and did not. */
export function stepUpFailed(detail: string, explain: string): Refusal {
  return new Refusal('step-up-failed', detail, { explain })
}

/** The parameters are those of an authorization request. The configuration permits no quote or backslash in them. */
function challengeOf({ acr, maxAgeSeconds }: StepUp): string {
  const parameters = [
    'error="insufficient_user_authentication"',
    'error_description="A different or a more recent authentication is required"',
    ...(acr === undefined ? [] : [`acr_values="${acr.join(' ')}"`]),
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
  ]
  return `Bearer ${parameters.join(', ')}`
}

/** The missing level for the log, the audit trail and `explain`. */
export function detailOf(shortfall: Shortfall): string {
  switch (shortfall.kind) {
    case 'machine':
      return 'the caller is a machine, and routes.stepUpMachines is deny'
    case 'acr':
      return `acr: expected ${shortfall.expected.join(' or ')}, got ${shown(shortfall.got)}`
    case 'age':
      return `auth_time: expected at most ${shortfall.maxAgeSeconds} s ago, got ${ageOf(shortfall.seconds)}`
  }
}

/** The missing level for whoever was denied. */
export function explained(shortfall: Shortfall): string {
  switch (shortfall.kind) {
    case 'machine':
      return 'Only users who signed in at the issuer have access here. Send the access token of a user.'
    case 'acr':
      return `Required authentication level (acr): ${shortfall.expected.join(' or ')}. Yours: ${shown(shortfall.got)}.`
    case 'age':
      return `You must have authenticated within the last ${shortfall.maxAgeSeconds} seconds. Your last authentication: ${ageOf(shortfall.seconds)}.`
  }
}

/** The claim is the issuer's words. */
const shown = (acr: string | undefined) => (acr === undefined ? 'none' : printable(acr.slice(0, 100)))

const ageOf = (seconds: number | undefined) => (seconds === undefined ? 'unknown' : `${seconds} s ago`)

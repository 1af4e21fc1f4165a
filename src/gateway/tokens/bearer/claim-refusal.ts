import { errors as jose } from 'jose'
import type { Refusal } from '../../errors.ts'
import { invalidToken } from './token-refusals.ts'

/** What an issuer's access tokens must say, as far as a message names it. */
export interface Expected {
  readonly audiences: readonly string[]
}

/**
 * The refusal of a token whose signature is good and one of whose claims is not: with the claim, what was expected and
 * what was received, in the log and to the client, who holds the token. Undefined for any other error.
 */
export function claimRefusal(error: unknown, { audiences }: Expected): Refusal | undefined {
  if (error instanceof jose.JWTExpired) {
    const at = instant(error.payload.exp)
    return invalidToken(`exp: expired at ${at}`, `It expired at ${at}. Request a new access token.`)
  }
  if (!(error instanceof jose.JWTClaimValidationFailed)) return undefined
  const { claim, payload } = error
  if (claim === 'aud') {
    const [expected, received] = [audiences.map(printableClaim).join(' or '), listOf(payload.aud)]
    return invalidToken(
      `aud: expected ${expected}, got ${received}`,
      `Its audience is ${received}, expected ${expected}. Request a token for that audience.`,
    )
  }
  if (claim === 'nbf') {
    const at = instant(payload.nbf)
    return invalidToken(`nbf: not valid before ${at}`, `It is not valid before ${at}. Check the clock of this machine.`)
  }
  const received = claim in payload ? 'another value' : 'none'
  return invalidToken(
    `${claim}: expected a usable value, got ${received}`,
    `Its claim ${printableClaim(claim)} is unusable.`,
  )
}

const instant = (seconds: unknown) =>
  typeof seconds === 'number' && Math.abs(seconds) < 8.64e12
    ? `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
    : 'an unknown time'

const listOf = (aud: unknown): string => {
  const values = (Array.isArray(aud) ? aud : [aud]).filter((value) => typeof value === 'string')
  const shown = values.slice(0, 5).map(printableClaim).join(', ')
  if (values.length === 0) return 'none'
  return values.length > 5 ? `${shown} and ${values.length - 5} more` : shown
}

/** Claims are the issuer's words: short, and of characters that no log or header reads as anything else. */
export const printableClaim = (value: string): string => value.slice(0, 100).replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, '?')

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import { Attempts, addressKey } from '../tokens/attempts.ts'

/** Wrong tokens of one client address; beyond them, every token of the address is denied for the rest of the minute. */
const WRONG_PER_MINUTE = 30

/** Compares with the shared administration token, and limits how often it may be guessed. */
export class AdminToken {
  readonly #wrong: Attempts

  constructor(clock: Clock) {
    this.#wrong = new Attempts(WRONG_PER_MINUTE, clock)
  }

  /**
   * @param given Undefined: none was sent. @param tokenHash SHA-256 (hex) of the token that is asked for.
   * @param client Address of whoever sent it. @throws Refusal rate-limited
   */
  isRight(given: string | undefined, tokenHash: string, client: string): boolean {
    const key = addressKey(client)
    this.#wrong.check(key)
    if (given === undefined) return false
    if (matches(given, tokenHash)) return true
    this.#wrong.count(key)
    return false
  }
}

/** Digests have one length, so the comparison tells nothing of the token. */
const matches = (token: string, tokenHash: string) =>
  timingSafeEqual(createHash('sha256').update(token).digest(), Buffer.from(tokenHash, 'hex'))

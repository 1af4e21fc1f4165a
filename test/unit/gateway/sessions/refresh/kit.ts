import { type Reason, Refusal } from '../../../../../src/gateway/errors.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'
import type { RefreshTokens } from '../../../../../src/gateway/sessions/refresh/refresher.ts'
import { login, START } from '../kit.ts'

/** The refreshes of an issuer: counts them, and responds when and how the test says. */
export class Issuer {
  requests = 0
  response: 'tokens' | 'ended' | 'outage' = 'tokens'
  principal: Principal = login().principal
  losesAcr = false
  #held: (() => void)[] = []
  #holding = false

  readonly refresh: RefreshTokens = async () => {
    const turn = ++this.requests
    if (this.#holding) await new Promise<void>((resolve) => this.#held.push(resolve))
    if (this.response === 'ended') return 'ended'
    if (this.response === 'outage') throw new Error('connect ECONNREFUSED')
    const accessExpiresAt = START + 36_000_000
    const tokens = { accessToken: `new-${turn}`, accessExpiresAt, refreshToken: `rotated-${turn}`, idToken: 'id-2' }
    return { tokens, principal: this.principal, losesAcr: this.losesAcr }
  }

  /** Delays responses until {@link release}. */
  hold(): void {
    this.#holding = true
  }

  release(): void {
    this.#holding = false
    for (const respond of this.#held.splice(0)) respond()
  }
}

/** Lets work that was started in the background finish. */
export const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export const refusedWith = (reason: Reason) => (error: unknown) => error instanceof Refusal && error.reason === reason

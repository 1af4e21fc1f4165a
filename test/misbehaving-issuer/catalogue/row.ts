import type { Reason } from '../../../src/gateway/errors.ts'
import type { Misbehaviour } from '../misbehaviour.ts'

/** `accepted`: a session begins, or continues with the new tokens. `ended`: the session ends. Else: denied with the reason. */
export type Outcome = Reason | 'accepted' | 'ended'

/** A misbehaviour, and what the gateway makes of it. */
export interface Row extends Misbehaviour {
  readonly outcome: Outcome
  /** Section `issuer` of the configuration, laid over the usual one. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** The rows of one part of the protocol, by the name of the misbehaviour. */
export type Catalogue = Readonly<Record<string, Row>>

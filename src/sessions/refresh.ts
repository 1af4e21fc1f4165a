import type { Principal } from '../policy/types.ts'
import type { Session, Tokens } from './session.ts'

/**
 * Asks the issuer for new tokens. `ended`: the issuer says the grant is over (`invalid_grant`, RFC 6749 §5.2).
 * Rejects when the issuer cannot be reached or answers with its own failure.
 */
export type RefreshTokens = (session: Session) => Promise<{ tokens: Tokens; principal: Principal } | 'ended'>

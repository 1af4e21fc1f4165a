import * as client from 'openid-client'
import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { principalOf } from '../issuer/claims.ts'
import { issuerRefusal } from '../issuer/issuer-errors.ts'
import type { VerifiedToken } from './access-token.ts'
import { invalidToken } from './bearer-refusals.ts'
import { callerKind } from './machine.ts'

/** How long an answer is believed, in milliseconds: a revoked token ends within it. */
const BELIEVED_MS = 30_000

export interface IntrospectionDeps {
  readonly config: Pick<Config, 'issuer'>
  /** @throws Refusal issuer-down */
  readonly configuration: () => Promise<client.Configuration>
  readonly clock: Clock
  readonly log: Logger
}

type Answer = client.IntrospectionResponse

/** Asks the issuer what an opaque token is (RFC 7662). @throws Refusal token-invalid, issuer-down */
export function buildIntrospect({ config, configuration, clock, log }: IntrospectionDeps) {
  const { issuer } = config
  const audiences = issuer.audiences ?? [issuer.clientId]

  async function ask(token: string): Promise<Answer> {
    const found = await configuration()
    if (found.serverMetadata().introspection_endpoint === undefined)
      throw invalidToken('opaque, and the issuer announces no introspection endpoint')
    return client.tokenIntrospection(found, token, { token_type_hint: 'access_token' }).catch(asOutage)
  }

  return async (token: string): Promise<VerifiedToken> => {
    const answer = await ask(token)
    const now = clock()
    checkAnswer(answer, { url: issuer.url, audiences, types: issuer.accessTokenTypes, now })
    // Who acts for nobody else is its own subject (RFC 9068 §2.2 asks the same of JWTs).
    const sub = answer.sub ?? answer.client_id
    const claims = { preferred_username: answer.username, ...answer, iss: issuer.url, sub }
    const ends = answer.exp === undefined ? Number.POSITIVE_INFINITY : answer.exp * 1000
    return {
      principal: { ...principalOf(claims, issuer, log), ...callerKind(claims) },
      until: Math.min(ends, now + BELIEVED_MS),
    }
  }
}

/** An answer that cannot be used says nothing about the token. */
async function asOutage(error: unknown): Promise<never> {
  try {
    return issuerRefusal(error)
  } catch (refusal) {
    const detail = refusal instanceof Error ? refusal.message : 'unknown failure'
    throw new Refusal('issuer-down', `introspection: ${detail}`, { headers: { 'Retry-After': '5' } })
  }
}

interface Expected {
  readonly url: string
  readonly audiences: readonly string[]
  readonly types: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Active is not enough: refresh tokens are active too, and so are tokens for other audiences. */
function checkAnswer(answer: Answer, { url, audiences, types, now }: Expected): void {
  if (!answer.active) throw invalidToken('introspection: not active')
  if (answer.iss !== undefined && answer.iss !== url) throw invalidToken('introspection: of another issuer')
  if ((answer.exp ?? Number.POSITIVE_INFINITY) * 1000 <= now) throw invalidToken('introspection: expired')
  const isBearer = answer.token_type?.toLowerCase() === 'bearer'
  const isMarked = typeof answer.typ === 'string' && types.includes(answer.typ)
  if (!isMarked && (answer.typ !== undefined || !isBearer)) throw invalidToken('introspection: no access token')
  // A token without audience is for whoever its client is.
  const named = answer.aud === undefined ? [answer.client_id] : [answer.aud].flat()
  if (!named.some((each) => each !== undefined && audiences.includes(each)))
    throw invalidToken('introspection: of another audience')
}

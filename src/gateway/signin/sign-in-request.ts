import type { Occurrence } from '../http/occurrence.ts'
import type { Reply } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import type { Target } from '../http/target.ts'
import type { Caller } from '../tokens/caller.ts'
import type { Fields } from './fields.ts'

/** What a sign-in endpoint reads and adds of the context of its request. */
export interface SignInRequest {
  readonly head: RequestHead
  readonly trace?: RequestTrace | undefined
  readonly traceId?: string | undefined
  readonly target: Target | undefined
  /** Headers for whatever response follows, a denial as well: names and values in turn. */
  readonly responseHeaders: string[]
  caller: Caller | undefined
  /** What was done, for the audit trail. */
  occurrence: Occurrence | undefined
  /** Where a person returns to after signing in. */
  returnTo: string | undefined
  /** Name of what that place demands of the sign-in. */
  stepUp?: string | undefined
}

/** Handles one request of a sign-in endpoint. @throws Refusal */
export type SignInHandler = (request: SignInRequest, fields: Fields) => Promise<Reply> | Reply

/** Query parameters as the request target contains them; nothing is folded into arrays or objects. */
export const queryOf = ({ target }: SignInRequest): URLSearchParams => new URLSearchParams(target?.query)

export const setCookie = ({ responseHeaders }: SignInRequest, ...cookies: readonly string[]): void => {
  for (const cookie of cookies) responseHeaders.push('Set-Cookie', cookie)
}

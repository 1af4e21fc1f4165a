import { Refusal } from '../errors.ts'
import type { ClientAuthentication } from '../issuer/client/client-authentication.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInHandler } from './sign-in-request.ts'

/** Apart from `/auth/jwks.json`: whoever trusts assertions for upstreams must not accept those for the issuer. */
export const CLIENT_KEYS = '/auth/client-jwks.json'

/** How long one reading of the key files is published, in milliseconds: anybody may send this request. */
const REUSE_MS = 1000

/** Public keys of the gateway as a client, for its issuer (RFC 7517 §5, OIDC Core §10.1.1: `jwks_uri` of a client). */
export function showClientKeys(
  { clock, log }: Pick<SignInContext, 'clock' | 'log'>,
  published: NonNullable<ClientAuthentication['published']>,
): SignInHandler {
  let readAt = Number.NEGATIVE_INFINITY
  let running = Promise.resolve({ keys: [], errors: [] }) as ReturnType<typeof published>
  return async () => {
    if (Math.abs(clock() - readAt) >= REUSE_MS) {
      readAt = clock()
      running = published()
      for (const { message } of (await running).errors) log.warn({ event: 'client-key-unusable' }, message)
    }
    const { keys } = await running
    // An issuer that caches an empty set rejects the gateway for as long.
    if (keys.length === 0) throw new Refusal('issuer-down', 'no key of issuer.clientKeys can be read')
    return {
      status: 200,
      headers: ['Content-Type', 'application/jwk-set+json', 'Cache-Control', 'public, max-age=60'],
      body: JSON.stringify({ keys }),
    }
  }
}

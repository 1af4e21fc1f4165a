import { routeUrl } from '../../config/route-url.ts'
import type { Config } from '../../config/schema.ts'
import type { Presented } from '../authenticate.ts'
import { invalidToken } from './token-refusals.ts'

/*
 * A client that learned of a route from its metadata (RFC 9728) requests a token for the URL of that route (RFC 8707).
 * Such a token counts on this route and on no other one.
 */

/** The audiences of a token that names none of those that stand for the whole gateway. */
export function forRoutes(
  aud: string | readonly string[] | undefined,
  audiences: readonly string[],
): readonly string[] | undefined {
  const named = aud === undefined ? [] : [aud].flat()
  return named.some((each) => audiences.includes(each)) ? undefined : named
}

/** @throws Refusal token-invalid on another route than the token is for, and on the gateway's own endpoints */
export function checkRouteAudience(
  audiences: readonly string[],
  route: Presented['route'],
  server: Pick<Config['server'], 'publicUrl'>,
): void {
  const expected = route && routeUrl(server, route.config)
  if (expected !== undefined && audiences.includes(expected)) return
  throw invalidToken(
    'aud: another route',
    expected === undefined
      ? 'It is for a single application. Request a token for the gateway.'
      : `It is for another application. Request a token for ${expected}.`,
  )
}

import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { acceptedAudiences } from '../accepted-audiences.ts'
import type { Config, RouteConfig } from '../schema.ts'

/** Errors of what the upstreams get as `Authorization`. */
export function upstreamTokenErrors(
  routes: Config['routes'],
  issuer: Config['issuer'] | undefined,
  server: Config['server'] | undefined,
): CheckError[] {
  const own = issuer && server ? acceptedAudiences({ issuer, server, routes }) : []
  return routes.flatMap((route, index) => [
    ...exchangeErrors(route, `routes.${index}`, own),
    ...ownTokenErrors(route, `routes.${index}`),
  ])
}

function exchangeErrors(
  { authorization, tokenExchange, access }: RouteConfig,
  path: string,
  ownAudiences: readonly string[],
): CheckError[] {
  if (tokenExchange === undefined && authorization !== 'exchanged-token') return []
  const at = `${path}.tokenExchange`
  if (tokenExchange === undefined) {
    const hint = 'Add tokenExchange: { audience: … } with the audience of the upstream.'
    return [{ path: at, expected: 'the audience, if authorization is exchanged-token', got: 'none', hint }]
  }
  if (authorization !== 'exchanged-token') {
    const hint = 'Set authorization: exchanged-token, or remove tokenExchange.'
    const got = authorization ?? 'none'
    return [{ path: `${path}.authorization`, expected: 'exchanged-token, because tokenExchange is set', got, hint }]
  }
  const errors: CheckError[] = []
  const audiences = [tokenExchange.audience, tokenExchange.resource].filter((each) => each !== undefined)
  if (audiences.length === 0) {
    const hint = 'Without one, the issuer gives a token for any audience.'
    errors.push({ path: at, expected: 'audience, resource or both', got: 'none', hint })
  }
  const own = audiences.find((each) => ownAudiences.includes(each))
  if (own !== undefined) {
    const hint = 'The upstream could use the token as the user. Register an audience for the upstream at the issuer.'
    errors.push({ path: at, expected: 'an audience that the gateway itself does not accept', got: own, hint })
  }
  if (access === 'public') {
    const hint = 'On a public route nobody is signed in. Choose another access, or authorization: none.'
    errors.push({ path: `${path}.authorization`, expected: 'none, if access is public', got: 'exchanged-token', hint })
  }
  return errors
}

function ownTokenErrors(route: RouteConfig, path: string): CheckError[] {
  if (route.credentials === 'authorization') return []
  const errors: CheckError[] = []
  const authorization = route.authorization ?? defaultAuthorization(route)
  if (authorization !== 'none') {
    errors.push({
      path: `${path}.credentials`,
      expected: `authorization, because the gateway sends the upstream ${WRITTEN[authorization]}`,
      got: route.credentials,
      hint: 'Set authorization: none, so that the Authorization header of the client is forwarded, or remove credentials.',
    })
  }
  if (route.access === 'public') {
    const hint = 'On a public route the gateway needs no credentials. Choose another access, or remove credentials.'
    errors.push({
      path: `${path}.credentials`,
      expected: 'authorization, if access is public',
      got: route.credentials,
      hint,
    })
  }
  return errors
}

type Authorization = NonNullable<RouteConfig['authorization']>

const WRITTEN: Record<Exclude<Authorization, 'none'>, string> = {
  'access-token': 'the access token of the caller',
  assertion: 'its assertion',
  'exchanged-token': 'an exchanged token',
}

/** What the application gets as `Authorization` where the route does not say. */
function defaultAuthorization({ app, airflow }: RouteConfig): Authorization {
  if (app === 'core') return 'access-token'
  return app === 'airflow' && airflow?.login === 'fab' ? 'assertion' : 'none'
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../errors.ts'
import { parseTarget } from '../http/target.ts'
import type { Audit } from '../observability/audit.ts'
import type { Exchange } from '../routing/request-context.ts'
import { canonicalHost, type RouteTable } from '../routing/routes.ts'
import type { Refuse } from './deny.ts'
import { askedRequest, checkForwardable, sendPlainRefusal, sendVerdict } from './forward-auth.ts'
import type { Gateway } from './pipeline.ts'

export const isVerify = ({ url = '' }: IncomingMessage) => url === '/auth/verify' || url.startsWith('/auth/verify?')

/** True when the proxy understands no other verdicts than 200, 401 and 403. */
const wantsPlainVerdict = ({ url }: IncomingMessage) => url === '/auth/verify?for=nginx'

export interface VerifyDeps {
  readonly gateway: Gateway
  readonly routes: RouteTable
  readonly publicUrl: URL
  readonly audit: Pick<Audit, 'refused'>
  readonly refuse: Refuse
  readonly isTrustedProxy: (peer: string | undefined) => boolean
  /** Where a person who is not signed in is sent. */
  readonly loginUrl: (exchange: Exchange) => string
}

/** `/auth/verify`: the request path's own steps for a request that a trusted proxy describes; that proxy forwards it. */
export function buildVerify(deps: VerifyDeps): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const defaultPort = deps.publicUrl.protocol === 'https:' ? '443' : '80'

  async function answer(exchange: Exchange): Promise<void> {
    checkNotOurs(exchange.request)
    const passage = await deps.gateway.admit(exchange)
    if (!passage) return
    checkForwardable(passage)
    sendVerdict(exchange, (await deps.gateway.outgoing(passage)).headers)
  }

  /** What the gateway answers itself is no verdict: a 2xx of ours would send the request on as nobody. */
  function checkNotOurs({ url = '', headers }: IncomingMessage): void {
    const { path } = parseTarget(url)
    const route = deps.routes.match(canonicalHost(headers.host, defaultPort) ?? '', path)
    if (!route || /^\/(auth|healthz|readyz)(\/|$)/.test(path))
      throw new Refusal('no-route', 'the path is not one of an application')
  }

  return async (request, response) => {
    let exchange = deps.gateway.open(request, response)
    try {
      exchange = { ...exchange, request: askedRequest(request, deps.isTrustedProxy) }
      await answer(exchange)
    } catch (error) {
      if (error instanceof Refusal && wantsPlainVerdict(request)) {
        deps.audit.refused(exchange, error)
        sendPlainRefusal(exchange, error, deps.loginUrl(exchange))
      } else deps.refuse(exchange, error)
    }
  }
}

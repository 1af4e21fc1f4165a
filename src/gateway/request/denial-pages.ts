import { buildPages } from '../pages/pages.ts'
import { currentProjectsOf } from '../projects/current-projects-of.ts'
import type { Exchange } from '../routing/request-context.ts'
import type { GatewayDeps } from '../runtime/deps.ts'
import type { RefusalPages } from './deny.ts'

/** The pages that the request path answers with, in the portal's clothes. */
export function buildRefusalPages(deps: GatewayDeps): RefusalPages {
  const pages = buildPages(deps.config)
  const publicUrl = new URL(deps.config.server.publicUrl)

  /** Where the person wanted to go: a path on the public host, a whole URL on another. */
  const place = ({ host, target }: Exchange): string => {
    const path = target === undefined ? '/' : target.query === '' ? target.path : `${target.path}?${target.query}`
    return host === '' || host === publicUrl.host ? path : `${publicUrl.protocol}//${host}${path}`
  }
  const loginUrl = (exchange: Exchange) =>
    `${publicUrl.origin}/auth/login?return_to=${encodeURIComponent(place(exchange))}`

  return {
    loginUrl,
    refusal(exchange, { reason }) {
      const who = exchange.caller?.principal
      return pages.refusal({ reason, requestId: exchange.requestId, who, loginUrl: loginUrl(exchange) })
    },
    chooser(exchange) {
      const { caller, requestId } = exchange
      if (caller === undefined) return pages.refusal({ reason: 'project-missing', requestId })
      const projects = currentProjectsOf(deps, caller.principal)
      return pages.chooser({
        who: caller.principal,
        projects,
        selected: caller.session?.selectedProject,
        returnTo: place(exchange),
      })
    },
  }
}

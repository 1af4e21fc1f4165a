import type { AppProfile } from '../apps/profile.ts'
import { REASONS, Refusal } from '../errors.ts'
import { finish, isSending } from '../http/finish.ts'
import { isNavigation, wantsPage } from '../http/navigation.ts'
import { problemDetails } from '../http/problem-details.ts'
import type { Audit } from '../observability/audit.ts'
import type { Exchange } from '../routing/request-context.ts'

/** A page of our own: what the login side renders, with the headers that belong to it. */
export interface Page {
  readonly headers: Record<string, string>
  readonly html: string
}

export interface RefusalPages {
  refusal(exchange: Exchange, refusal: Refusal): Page
  /** Shown instead of `project-missing`: the principal's projects to choose from. */
  chooser(exchange: Exchange): Page
  /** Where a person who is not signed in is sent. */
  loginUrl(exchange: Exchange): string
}

/** The only place where an error becomes an answer. */
export type Refuse = (exchange: Exchange, error: unknown) => void

export function buildRefuse(pages: RefusalPages, audit: Pick<Audit, 'refused'>): Refuse {
  return (exchange, error) => {
    const refusal = error instanceof Refusal ? error : new Refusal('internal', 'unexpected error', { cause: error })
    audit.refused(exchange, refusal)
    const { response } = exchange
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    if (refusal.reason === 'login-required' && isNavigation(exchange.request)) {
      send(exchange, 302, { Location: pages.loginUrl(exchange), 'Cache-Control': 'no-store' }, '')
      return
    }
    if (wantsPage(exchange.request)) {
      const page = refusal.reason === 'project-missing' ? pages.chooser(exchange) : pages.refusal(exchange, refusal)
      send(exchange, refusal.status, { ...page.headers, ...refusal.headers }, page.html)
      return
    }
    sendDialect(exchange, refusal, pages)
  }
}

function sendDialect(exchange: Exchange, refusal: Refusal, pages: RefusalPages): void {
  const { text } = REASONS[refusal.reason]
  const speak: AppProfile['refusal'] = exchange.route?.profile.refusal ?? problemDetails
  const spoken = speak(refusal.reason, refusal.status, `${text} ${refusal.explain}`, exchange.requestId)
  const { contentType, body, status = refusal.status } = spoken
  const headers: Record<string, string> = {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...refusal.headers,
  }
  if (status === 401) {
    headers['WWW-Authenticate'] ??= 'Bearer'
    headers.Link = `<${pages.loginUrl(exchange)}>; rel="login"`
  }
  send(exchange, status, headers, body)
}

function send(
  { request, response, requestId, responseHeaders }: Exchange,
  status: number,
  headers: Record<string, string>,
  body: string,
): void {
  const all = [...responseHeaders, 'X-Request-Id', requestId, 'Content-Length', String(Buffer.byteLength(body))]
  for (const [name, value] of Object.entries(headers)) all.push(name, value)
  // A body that nobody reads would be taken for the next request (RFC 9112 §9.3).
  if (isSending(request) && headers.Connection === undefined) all.push('Connection', 'close')
  response.writeHead(status, all)
  // The method of this very request: forward auth asks by GET about a HEAD, and waits for the bytes it was promised.
  finish(request, response, response.req.method === 'HEAD' ? undefined : body)
}

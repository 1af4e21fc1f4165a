import { createServer, type RequestListener, type Server } from 'node:http'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { buildSessionAdmin, type SessionAdminDeps } from './session-admin.ts'

export interface AdminServerDeps {
  readonly metrics: Metrics
  readonly sessions: SessionAdminDeps['sessions']
  /** Absent: no session administration. */
  readonly tokenHash: string | undefined
  readonly log: Logger
}

/**
 * The admin listener: `/metrics` for everybody who reaches it, and session administration for who has the token. Keep
 * it off public networks.
 */
export function buildAdminServer({ metrics, sessions, tokenHash, log }: AdminServerDeps): Server {
  const administer = tokenHash === undefined ? undefined : buildSessionAdmin({ sessions, tokenHash, log })
  const serve = async (...[request, response]: Parameters<RequestListener>) => {
    if (request.method === 'GET' && request.url === '/metrics') {
      const body = await metrics.registry.metrics()
      response.writeHead(200, { 'Content-Type': metrics.registry.contentType, 'Cache-Control': 'no-store' }).end(body)
    } else if (administer !== undefined) await administer(request, response)
    else response.writeHead(404).end()
  }
  return createServer((request, response) => {
    serve(request, response).catch((err: unknown) => {
      log.error({ event: 'admin-failed', err }, 'the admin listener could not answer')
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
}

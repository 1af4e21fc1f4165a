import { createServer, type RequestListener, type Server } from 'node:http'
import { Registry } from 'prom-client'
import type { Logger } from '../observability/log.ts'
import { buildSessionAdmin, type SessionAdminDeps } from './session-admin.ts'

export interface AdminServerDeps {
  /** The text of `/metrics`. */
  readonly exposition: () => Promise<string>
  /** As it is now. No token hash: no session administration. */
  readonly administration: () => {
    readonly sessions: SessionAdminDeps['sessions']
    readonly tokenHash: string | undefined
  }
  readonly log: Logger
}

/**
 * The admin listener: `/metrics` for everybody who reaches it, and session administration for who has the token. Keep
 * it off public networks.
 */
export function buildAdminServer({ exposition, administration, log }: AdminServerDeps): Server {
  const serve = async (...[request, response]: Parameters<RequestListener>) => {
    const { sessions, tokenHash } = administration()
    if (request.method === 'GET' && request.url === '/metrics') {
      const body = await exposition()
      const type = Registry.PROMETHEUS_CONTENT_TYPE
      response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
    } else if (tokenHash !== undefined) await buildSessionAdmin({ sessions, tokenHash, log })(request, response)
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

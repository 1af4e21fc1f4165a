import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Registry } from 'prom-client'
import type { AdministrationEntry } from '../audit/administration.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { Refusal } from '../errors.ts'
import { jsonReply, type Reply } from '../http/reply.ts'
import { sendReply } from '../http/send-reply.ts'
import type { Logger } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import { buildSessionAdmin, type SessionAdminDeps } from './session-admin.ts'

/** Label of the admin listener in the metrics of requests. */
const ROUTE = 'admin listener'
const BASE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export interface AdminServerDeps {
  /** The text of `/metrics`. */
  readonly exposition: () => Promise<string>
  /** Of the current configuration. No token hash: no session administration. */
  readonly administration: () => {
    readonly sessions: SessionAdminDeps['sessions']
    readonly tokenHash: string | undefined
  }
  readonly log: Logger
  readonly audit: Pick<AuditTrail, 'administration'>
  readonly metrics: Pick<Metrics, 'began' | 'request' | 'refused'>
}

/**
 * The admin listener: `/metrics` for everybody who reaches it, and session administration for whoever has the token.
 * Keep it off public networks.
 */
export function buildAdminServer({ exposition, administration, log, audit, metrics }: AdminServerDeps): Server {
  async function replyTo(request: IncomingMessage, requestId: string): Promise<Reply> {
    const { sessions, tokenHash } = administration()
    if (request.method === 'GET' && request.url === '/metrics') {
      const headers = ['Content-Type', Registry.PROMETHEUS_CONTENT_TYPE]
      return { status: 200, headers, body: await exposition() }
    }
    if (tokenHash === undefined) throw new Refusal('no-route', 'no session administration without a token')
    const { method, url, headers, socket } = request
    const known = { method, path: url?.split('?', 1)[0], route: ROUTE, client: socket.remoteAddress, requestId }
    const record = (entry: AdministrationEntry) =>
      audit.administration({ ...known, userAgent: headers['user-agent'], ...entry })
    return buildSessionAdmin({ sessions, tokenHash, record })(request)
  }

  function denied(error: unknown): Reply {
    if (!(error instanceof Refusal)) log.error({ event: 'admin-failed', err: error }, 'the admin listener failed')
    const denial = error instanceof Refusal ? error : new Refusal('internal', 'unexpected error', { cause: error })
    metrics.refused(denial.reason)
    return jsonReply(denial.status, { reason: denial.reason }, Object.entries(denial.headers).flat())
  }

  return createServer(async (request, response) => {
    const startedAt = performance.now()
    const requestId = randomUUID()
    let sentBytes = 0
    metrics.began()
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : undefined
      const seconds = (performance.now() - startedAt) / 1000
      const { method = '' } = request
      metrics.request({ route: ROUTE, method, status, seconds, receivedBytes: 0, sentBytes, project: undefined })
    })
    const reply = await replyTo(request, requestId).catch(denied)
    if (response.destroyed) return
    sentBytes = sendReply({ request, response }, reply, { base: BASE, added: [], requestId })
  })
}

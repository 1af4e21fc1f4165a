import { createServer, type Server } from 'node:http'
import { Registry } from 'prom-client'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import type { RecordAdministration } from '../console/administration.ts'
import type { Console } from '../console/console.ts'
import { Refusal } from '../errors.ts'
import { wantsPage } from '../http/navigation.ts'
import { jsonReply, pageReply, type Reply, redirectReply, type Transport } from '../http/reply.ts'
import { type RequestHead, readRequestHead } from '../http/request-head.ts'
import { sendReply } from '../http/send-reply.ts'
import type { Logger } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import { consoleDeniedPage } from '../pages/console/denied-page.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { AdminToken } from './admin-token.ts'
import { serveSessionApi } from './session-api.ts'
import { knownOf, serveTokenConsole } from './token-console.ts'
import { TOKEN_CONSOLE_PATH } from './token-session.ts'

/** Label of the admin listener in the metrics of requests. */
const ROUTE = 'admin listener'
const BASE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

/** What the admin listener serves of the current configuration. */
export interface Administration {
  readonly config: Config
  readonly sessions: Pick<Sessions, 'list' | 'endByKey' | 'endBySubject'>
  readonly console: Console
}

export interface AdminServerDeps {
  /** The text of `/metrics`. */
  readonly exposition: () => Promise<string>
  readonly administration: () => Administration
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'began' | 'request' | 'refused'>
}

/**
 * The admin listener: `/metrics` for everybody who reaches it; the console and the session API for whoever has the token
 * of `server.adminTokenHash`. Keep it off public networks.
 */
export function buildAdminServer({ exposition, administration, clock, log, metrics }: AdminServerDeps): Server {
  const token = new AdminToken(clock)

  async function replyTo(head: RequestHead, transport: Transport): Promise<Reply> {
    if (head.method === 'GET' && head.target === '/metrics') {
      const headers = ['Content-Type', Registry.PROMETHEUS_CONTENT_TYPE]
      return { status: 200, headers, body: await exposition() }
    }
    const { config, sessions, console } = administration()
    const { adminTokenHash: tokenHash } = config.server
    if (tokenHash === undefined) throw new Refusal('no-route', 'no session administration without a token')
    const url = URL.parse(head.target, 'http://admin.invalid')
    if (url === null) throw new Refusal('request-malformed', 'the request target is no path')
    const { pathname: path, searchParams: query } = url
    const isRead = head.method === 'GET' || head.method === 'HEAD'
    if (path === '/' && isRead) return redirectReply(TOKEN_CONSOLE_PATH)
    if (!isConsole(path)) {
      const record: RecordAdministration = (entry) => console.record({ ...knownOf(head), ...entry })
      const { checkRecorded } = console
      return serveSessionApi({ sessions, token, tokenHash, record, checkRecorded }, head, path, query)
    }
    return serveTokenConsole({ config, clock, console, token, tokenHash }, { head, transport, path, query })
  }

  function denied(error: unknown, head: RequestHead): Reply {
    if (!(error instanceof Refusal)) log.error({ event: 'admin-failed', err: error }, 'the admin listener failed')
    const denial = error instanceof Refusal ? error : new Refusal('internal', 'unexpected error', { cause: error })
    const { reason, status, headers, explain, message: detail } = denial
    metrics.refused(reason)
    const { config, console } = administration()
    const action = isConsole(head.target.split('?', 1)[0] ?? '') ? 'console.request' : 'session.administration'
    if (config.server.adminTokenHash !== undefined)
      console.record({ ...knownOf(head), event: 'admin-refused', action, decision: 'denied', reason, detail, status })
    if (!wantsPage(head)) return jsonReply(status, { reason }, Object.entries(headers).flat())
    const content = consoleDeniedPage({ base: TOKEN_CONSOLE_PATH, reason, explain, requestId: head.requestId })
    return pageReply(status, console.render(content), headers)
  }

  return createServer(async (request, response) => {
    const [startedAt, transport] = [performance.now(), { request, response }]
    const head = readRequestHead(request, (peer) => peer ?? 'unknown')
    let sentBytes = 0
    metrics.began()
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : undefined
      const seconds = (performance.now() - startedAt) / 1000
      const { method = '' } = request
      metrics.request({ route: ROUTE, method, status, seconds, receivedBytes: 0, sentBytes, project: undefined })
    })
    const reply = await replyTo(head, transport).catch((error: unknown) => denied(error, head))
    if (response.destroyed) return
    sentBytes = sendReply(transport, reply, { base: BASE, added: [], requestId: head.requestId })
  })
}

const isConsole = (path: string) => path === TOKEN_CONSOLE_PATH || path.startsWith(`${TOKEN_CONSOLE_PATH}/`)

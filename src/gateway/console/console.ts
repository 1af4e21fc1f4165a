import { Refusal } from '../errors.ts'
import type { Reply } from '../http/reply.ts'
import { buildConsolePages, type RenderConsole } from '../pages/console/console-pages.ts'
import type { RecordAdministration } from './administration.ts'
import { showConfiguration } from './configuration/configuration-page.ts'
import type { ConsoleDeps } from './console-deps.ts'
import type { ConsoleHandler, ConsoleRequest, Note } from './console-request.ts'
import { showDenials } from './denials/denial-pages.ts'
import { showOverview } from './overview.ts'
import { showProjects } from './projects/project-pages.ts'
import { showReloads } from './reloads.ts'
import { confirmEnd, endSessions, showSessions } from './sessions/session-pages.ts'
import { showWhy } from './why/why-pages.ts'

interface ConsoleEndpoint {
  readonly GET: ConsoleHandler
  readonly POST?: ConsoleHandler
}

/** The pages of the administration console. Who may open them, each listener decides before it asks for one. */
export interface Console {
  readonly render: RenderConsole
  readonly note: Note
  readonly record: RecordAdministration
  /** What cannot be recorded is not done, if the configuration says so. @throws Refusal audit-unavailable */
  checkRecorded(): void
  /** @throws Refusal no-route, method-not-allowed, request-malformed, audit-unavailable, store-down, projects-down */
  handle(request: ConsoleRequest): Promise<Reply>
}

export function buildConsole(deps: ConsoleDeps, isPublic: boolean): Console {
  const render = buildConsolePages(deps.config, isPublic)
  const context = { ...deps, render }
  const note: Note = ({ administrator }, action, more) => deps.record({ ...administrator, action, ...more })
  const endpoints = new Map<string, ConsoleEndpoint>([
    ['', { GET: showOverview(context, note) }],
    ['/sessions', { GET: showSessions(context, note) }],
    ['/sessions/end', { GET: confirmEnd(context), POST: endSessions(context, note) }],
    ['/projects', { GET: showProjects(context, note) }],
    ['/denials', { GET: showDenials(context, note) }],
    ['/why', { GET: showWhy(context, note) }],
    ['/configuration', { GET: showConfiguration(context, note) }],
    ['/reloads', { GET: showReloads(context, note) }],
  ])
  function checkRecorded(): void {
    if (deps.admitsWrites()) return
    throw new Refusal('audit-unavailable', 'a sink of the audit trail fails, or its queue is full')
  }
  return {
    ...{ render, note, record: deps.record, checkRecorded },
    async handle(request) {
      const endpoint = endpoints.get(request.path)
      if (endpoint === undefined) throw new Refusal('no-route', 'no such page of the console')
      const handler = request.method === 'POST' ? endpoint.POST : endpoint.GET
      if (handler !== undefined) {
        if (request.method === 'POST') checkRecorded()
        return handler(request)
      }
      const headers = { Allow: 'GET, HEAD' }
      throw new Refusal('method-not-allowed', 'this page of the console changes nothing', { headers })
    },
  }
}

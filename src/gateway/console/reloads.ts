import { formatFieldError } from '../../shared/settings/field-errors.ts'
import { pageReply } from '../http/reply.ts'
import { reloadsPage } from '../pages/console/reloads-page.ts'
import type { ConsoleContext } from './console-deps.ts'
import type { ConsoleHandler, Note } from './console-request.ts'

/** `reloads`: the last reloads of this replica, with what was wrong. */
export function showReloads(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const { startedAt, reloads } = await context.state.replica()
    note(request, 'console.view', { detail: 'reloads' })
    const view = reloads.map(({ errors, ...rest }) => ({ ...rest, errors: errors.map(formatFieldError) }))
    return pageReply(200, context.render(reloadsPage(request.frame, { startedAt, reloads: view })))
  }
}

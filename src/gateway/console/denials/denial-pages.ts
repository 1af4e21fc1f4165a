import { pageReply } from '../../http/reply.ts'
import { type CountedView, type DenialView, denialsPage, HOURS } from '../../pages/console/denials-page.ts'
import type { ConsoleContext } from '../console-deps.ts'
import { type ConsoleHandler, type Note, numberOf, textOf } from '../console-request.ts'
import { aboutReason } from '../overview.ts'
import type { DenialRecord } from './denial-record.ts'
import { groupDenials, placeOf, whoOf } from './group-denials.ts'
import { readDenials } from './recent-denials.ts'

const HOUR_MS = 3_600_000
const LISTED = 100
const COUNTED = 25

/** `denials?hours=&reason=&who=&place=`: recent denials, counted by reason, user and place. */
export function showDenials(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const { query, frame } = request
    const asked = numberOf(query, 'hours', 6)
    const hours = HOURS.find((each) => each >= asked) ?? 24
    const filter = filterOf(query)
    await context.denials.flush()
    const recent = await readDenials(context.sessions.journal, context.clock() - hours * HOUR_MS)
    const denials = recent.denials.filter((denial) => matches(denial, filter))
    note(request, 'denial.list', { detail: Object.values(filter).join(' ') || 'all' })
    const view = {
      ...{ hours, filter, dropped: recent.dropped, total: denials.length },
      reasons: counted(denials, ({ reason }) => reason).map((row) => ({ ...row, about: aboutReason(row.name) })),
      users: counted(denials, whoOf),
      places: counted(denials, placeOf),
      denials: denials.slice(0, LISTED).map(viewOf),
      allReasons: [...new Set(recent.denials.map(({ reason }) => reason))].sort(),
    }
    return pageReply(200, context.render(denialsPage(frame, view)))
  }
}

interface Filter {
  readonly reason?: string
  readonly who?: string
  readonly place?: string
}

function filterOf(query: URLSearchParams): Filter {
  const given = ['reason', 'who', 'place'].map((name) => [name, textOf(query, name)] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== ''))
}

const matches = (denial: DenialRecord, { reason, who, place }: Filter) =>
  (reason === undefined || denial.reason === reason) &&
  (who === undefined || whoOf(denial) === who) &&
  (place === undefined || placeOf(denial) === place)

const counted = (denials: readonly DenialRecord[], keyOf: (denial: DenialRecord) => string): CountedView[] =>
  groupDenials(denials, keyOf)
    .slice(0, COUNTED)
    .map(({ key, ...rest }) => ({ name: key, ...rest }))

const viewOf = (denial: DenialRecord): DenialView => ({
  requestId: denial.requestId,
  at: denial.at,
  who: whoOf(denial),
  method: denial.method,
  path: denial.path ?? '(not readable)',
  place: placeOf(denial),
  reason: denial.reason,
  status: denial.status,
})

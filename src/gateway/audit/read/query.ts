import { readLines } from './read-lines.ts'
import { groupFiles, type TrailFiles } from './trail-files.ts'

/** Conditions that an event must meet, all of them. */
export interface Filter {
  /** User name, subject or client ID. */
  readonly user?: string | undefined
  /** ID or name of the project that a request was admitted to, or that a denied one named. */
  readonly project?: string | undefined
  /** Milliseconds since the epoch; `until` is not included. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly reason?: string | undefined
  readonly decision?: string | undefined
  readonly requestId?: string | undefined
  /** Action, event or operation; `*` at its end stands for anything. */
  readonly action?: string | undefined
}

export type FoundEvent = Readonly<Record<string, unknown>>

export interface Found {
  readonly event: FoundEvent
  /** The line, as it is in the file. */
  readonly line: string
}

/** What was read and could not be. */
export interface QueryCount {
  events: number
  /** Lines that are no events; the log has others between them. */
  others: number
  /** Actions, events and operations that were read. */
  readonly actions: Set<string>
}

/** An application has some hundred operations; a file that somebody forged may have any number. */
const MAX_ACTIONS = 1000

/** Events of several files by their time, one at a time. @throws the error of the system */
export async function* query(paths: readonly string[], filter: Filter, count: QueryCount): AsyncGenerator<Found> {
  const trails = (await groupFiles(paths)).map((files) => eventsOf(files, count))
  const heads = await Promise.all(trails.map(async (trail) => ({ trail, next: await trail.next() })))
  for (;;) {
    const open = heads.filter(({ next }) => !next.done)
    if (open.length === 0) return
    const earliest = open.reduce((one, other) => (timeOf(other.next.value) < timeOf(one.next.value) ? other : one))
    const found = earliest.next.value as Found
    if (matches(found.event, filter)) yield found
    earliest.next = await earliest.trail.next()
  }
}

const timeOf = (found: Found | undefined): string => String(found?.event.time)

async function* eventsOf({ paths }: TrailFiles, count: QueryCount): AsyncGenerator<Found, undefined> {
  for (const path of paths) {
    for await (const { text } of readLines(path)) {
      const event = eventIn(text)
      if (event === undefined) count.others += Number(text !== '')
      else {
        count.events += 1
        if (count.actions.size < MAX_ACTIONS) for (const name of namesOf(event)) count.actions.add(name)
        yield { event, line: text }
      }
    }
  }
  return undefined
}

function eventIn(text: string): FoundEvent | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const event = JSON.parse(text) as FoundEvent
    return typeof event.schema_version === 'number' && typeof event.time === 'string' ? event : undefined
  } catch {
    return undefined
  }
}

export function matches(event: FoundEvent, filter: Filter): boolean {
  const { user, project, since, until, reason, decision, requestId, action } = filter
  const time = since === undefined && until === undefined ? 0 : Date.parse(String(event.time))
  return (
    (user === undefined || [event.user, event.subject, event.client_id].includes(user)) &&
    (project === undefined || isOfProject(event, project)) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until) &&
    (reason === undefined || event.reason === reason) &&
    (decision === undefined || event.decision === decision) &&
    (requestId === undefined || event.request_id === requestId) &&
    (action === undefined || namesOf(event).some((name) => isNamed(name, action)))
  )
}

/** Also denied requests that named the project. */
const isOfProject = ({ project, project_name, requested_project }: FoundEvent, wanted: string): boolean =>
  [project, requested_project].includes(wanted.toLowerCase()) || [project_name, requested_project].includes(wanted)

/** What an event can be found by with `action`. */
const namesOf = ({ action, event, operation }: FoundEvent): string[] =>
  [action, event, operation].filter((name) => typeof name === 'string')

/** @param pattern `*` at its end stands for anything */
export const isNamed = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern

import { Command } from 'commander'
import { plainText } from '../../gateway/audit/event.ts'
import { type Filter, type FoundEvent, isNamed, type QueryCount, query } from '../../gateway/audit/read/query.ts'
import { CliError } from '../cli-error.ts'
import { fileError } from './file-error.ts'

interface Options {
  readonly user?: string
  readonly project?: string
  readonly since?: string
  readonly until?: string
  readonly reason?: string
  readonly decision?: string
  readonly requestId?: string
  readonly action?: string
  readonly limit?: string
  readonly json?: boolean
}

/** `audit query`: events of audit files, or of the log, that meet all conditions. */
export function queryCommand(): Command {
  return new Command('query')
    .description('print the events of audit files, oldest first; exit code 0: also if there are none')
    .argument('<files...>', 'files of the audit trail, or of the log; .gz too')
    .option('--user <name>', 'user name, subject or client ID')
    .option('--project <project>', 'ID or name of the project')
    .option('--since <time>', 'from this time on: 2026-11-27, 2026-11-27T08:00:00Z, or 30m, 2h, 7d ago')
    .option('--until <time>', 'before this time')
    .option('--reason <reason>', 'reason of the decision, e.g. not-in-project')
    .option('--decision <decision>', 'allowed or denied')
    .option('--request-id <id>', 'ID of the request')
    .option('--action <name>', 'action, event or operation, e.g. write, login, mlflow.registerModel, airflow.dagrun.*')
    .option('--limit <number>', 'print at most this many')
    .option('--json', 'print the lines as they are')
    .action(async (files: string[], options: Options) => {
      const filter = filterOf(options, Date.now())
      const limit = limitOf(options.limit)
      const count: QueryCount = { events: 0, others: 0, actions: new Set() }
      try {
        await print(files, filter, limit, options.json === true, count)
      } catch (error) {
        throw error instanceof CliError ? error : fileError(error)
      }
    })
}

async function print(files: string[], filter: Filter, limit: number, json: boolean, count: QueryCount): Promise<void> {
  let found = 0
  for await (const { event, line } of query(files, filter, count)) {
    if (found === limit) return console.error(`more events match; --limit ended the list after ${limit}`)
    found += 1
    console.log(json ? line : inWords(event))
  }
  const others = count.others === 0 ? '' : `; ${count.others} other lines`
  console.error(`${found} of ${count.events} events${others}`)
  if (found === 0 && count.events > 0 && filter.action !== undefined) console.error(actionHint(filter.action, count))
}

const SHOWN_ACTIONS = 60

/** Names of operations are those of the application, and easily guessed wrong. */
function actionHint(action: string, { actions }: QueryCount): string {
  const known = [...actions].sort()
  if (known.some((name) => isNamed(name, action)))
    return `events with the action ${shown(action)} exist; the other options exclude them`
  const more = known.length > SHOWN_ACTIONS ? `, and ${known.length - SHOWN_ACTIONS} more` : ''
  const names = known.slice(0, SHOWN_ACTIONS).map(shown).join(', ')
  return `no event has the action ${shown(action)}; these files have: ${names}${more}`
}

function filterOf(options: Options, now: number): Filter {
  const { since, until, decision, limit: _, json: __, ...rest } = options
  if (decision !== undefined && decision !== 'allowed' && decision !== 'denied')
    throw new CliError(`--decision: expected allowed or denied, got ${JSON.stringify(decision)}`)
  return { ...rest, decision, since: timeOf('--since', since, now), until: timeOf('--until', until, now) }
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds since the epoch. Times without a zone are UTC, as those of the trail. */
function timeOf(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const [, number, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (number !== undefined) return now - Number(number) * (UNITS[unit] ?? 0)
  const isPlain = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?$/.test(text)
  const isZoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
  const time = isZoned ? Date.parse(text) : isPlain ? Date.parse(text.length === 10 ? text : `${text}Z`) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new CliError(`${option}: expected a time such as 2026-11-27T08:00:00Z or 2h, got ${JSON.stringify(text)}`)
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new CliError(`--limit: expected a number from 1, got ${JSON.stringify(text)}`)
}

/** Names may come from a file that somebody changed: nothing in them reaches the terminal as a control character. */
const shown = (value: unknown): string => (value === undefined ? '-' : (plainText(String(value), MAX_COLUMN) ?? '-'))

/** Characters of the longest column; the trail itself contains none that is longer. */
const MAX_COLUMN = 1024

function inWords(event: FoundEvent): string {
  const {
    time,
    decision,
    user,
    project_name,
    project,
    requested_project,
    action,
    operation,
    event: name,
    reason,
    status,
    request_id,
  } = event
  const result = [decision ?? name, reason].filter((each) => each !== undefined).join(' ')
  const what = operation ?? (action === undefined ? name : action)
  const where = project_name ?? project ?? requested_project
  const columns = [time, result, user ?? event.subject, where, what, status, event.client, request_id]
  return columns.map(shown).join('  ')
}

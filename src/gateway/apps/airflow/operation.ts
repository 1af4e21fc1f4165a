import { methodVerb } from '../method-verb.ts'
import type { AppRequest } from '../profile.ts'

/**
 * Names of Airflow's operations for the audit trail: `airflow.<resource>.<verb>`. Both come from the tables below, never
 * from the path itself: names of DAGs and variables are the client's choice.
 */
const RESOURCES: Readonly<Record<string, string>> = {
  assets: 'asset',
  backfills: 'backfill',
  clearTaskInstances: 'taskinstance',
  config: 'config',
  connections: 'connection',
  dagRuns: 'dagrun',
  dagSources: 'dagsource',
  dagTags: 'dagtag',
  dagVersions: 'dagversion',
  dagWarnings: 'dagwarning',
  dags: 'dag',
  eventLogs: 'eventlog',
  events: 'assetevent',
  favorite: 'dag',
  hitlDetails: 'hitldetail',
  importErrors: 'importerror',
  jobs: 'job',
  logs: 'tasklog',
  parseDagFile: 'dagfile',
  plugins: 'plugin',
  pools: 'pool',
  providers: 'provider',
  queuedEvents: 'queuedevent',
  taskInstances: 'taskinstance',
  tasks: 'task',
  unfavorite: 'dag',
  variables: 'variable',
  version: 'version',
  xcomEntries: 'xcom',
}
/** Segments at the end of a path that say what is done. */
const ACTIONS: Readonly<Record<string, string>> = {
  cancel: 'cancel',
  clear: 'clear',
  clearTaskInstances: 'clear',
  defaults: 'create-defaults',
  events: 'create-event',
  favorite: 'favorite',
  list: 'list',
  materialize: 'materialize',
  parseDagFile: 'parse',
  pause: 'pause',
  test: 'test',
  unfavorite: 'unfavorite',
  unpause: 'unpause',
}
const API = /^\/(?:api\/v2|ui)\/(.+)$/

export function airflowOperation({ method, decodedPath }: AppRequest): string | undefined {
  const segments = API.exec(decodedPath)?.[1]?.split('/')
  if (segments === undefined) return undefined
  const [resource, at] = resourceOf(segments)
  if (resource === undefined) return undefined
  const action = actionOf(segments, at, method)
  if (action === undefined) return undefined
  // Airflow calls this "trigger", and so do its users.
  const verb = resource === 'dagrun' && action === 'create' ? 'trigger' : action
  return `airflow.${resource}.${verb}`
}

/**
 * The last resource of a path: its collections and names take turns, so that a DAG may be called `pools`. What the rest is
 * called decides nothing.
 */
function resourceOf(segments: readonly string[]): [resource: string | undefined, at: number] {
  let [found, at]: [string | undefined, number] = [undefined, 0]
  for (let index = 0; index < segments.length; index += 2) {
    const resource = own(RESOURCES, segments[index])
    if (resource === undefined) break
    found = resource
    at = index
  }
  return [found, at]
}

/** What is done to the resource: the segment after its name, or after itself where it has none. */
function actionOf(segments: readonly string[], at: number, method: string): string | undefined {
  const itself = own(ACTIONS, segments[at])
  // A collection has actions of its own, such as `connections/test`; after other methods that is a name.
  const word = segments[at + 2] ?? (method === 'POST' ? segments[at + 1] : undefined)
  const after = method === 'GET' ? undefined : own(ACTIONS, word)
  const isLast = segments.length <= at + 3
  return itself ?? (isLast ? after : undefined) ?? methodVerb(method)
}

const own = (table: Readonly<Record<string, string>>, key: string | undefined): string | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined

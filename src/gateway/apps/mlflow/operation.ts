/**
 * Names of MLflow's operations for the audit trail, derived from the lines of the catalogue: verb, resource, rest, as the
 * methods of MLflow's client are named. `POST /{,ajax-}api/2.0/mlflow/runs/log-batch` is `mlflow.logRunBatch`.
 */
const VERBS: ReadonlySet<string> = new Set([
  ...['add', 'attach', 'bulk', 'cancel', 'complete', 'create', 'delete', 'detach', 'get', 'invoke', 'abort', 'link'],
  ...[
    'list',
    'log',
    'register',
    'remove',
    'rename',
    'restore',
    'search',
    'set',
    'test',
    'transition',
    'update',
    'upload',
  ],
])
const BY_METHOD: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'put',
  PATCH: 'update',
  DELETE: 'delete',
}
/** The name that users know, where the path has another one. */
const KNOWN_AS: Readonly<Record<string, string>> = {
  createRegisteredModel: 'registerModel',
  createV1Trace: 'exportTraces',
}

/** Lines are few and repeat with every request. */
const names = new Map<string, string>()

/** @param line Of the catalogue; undefined: the request is in no line. */
export function mlflowOperation(line: string | undefined): string | undefined {
  if (line === undefined) return undefined
  const known = names.get(line)
  if (known !== undefined) return known
  const name = `mlflow.${nameOf(line)}`
  names.set(line, name)
  return name
}

function nameOf(line: string): string {
  const [method = '', path = ''] = line.split(' ')
  const words = literalsOf(path)
  const last = words.at(-1)?.split('-') ?? []
  const verb = VERBS.has(last[0] ?? '') ? last[0] : undefined
  const above = (verb === undefined ? words : words.slice(0, -1)).map(singular)
  const rest = verb === undefined ? [] : last.slice(1)
  const name = camelCase([verb ?? BY_METHOD[method] ?? method.toLowerCase(), ...resource(above, rest), ...rest])
  return KNOWN_AS[name] ?? name
}

/** The fixed segments of a path below its API. */
const literalsOf = (path: string): string[] =>
  path
    .replace(/^\/(\{,ajax-\}|ajax-)?api\/\d\.\d\//, '/')
    .replace(/^\/mlflow(?:-artifacts)?\//, '/')
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => segment.replace(/^@?\{[^}]*\}:?/, ''))
    .filter((segment) => segment !== '')

/** The resource, unless the rest names it itself: `experiments/set-experiment-tag`. */
function resource(above: readonly string[], rest: readonly string[]): readonly string[] {
  const last = above.at(-1)
  return last !== undefined && rest.map(singular).includes(last) ? above.slice(0, -1) : above
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (word.endsWith('aliases')) return word.slice(0, -2)
  return /(?<![as])s$/.test(word) ? word.slice(0, -1) : word
}

const camelCase = (words: readonly string[]): string =>
  words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .filter((word) => word !== '')
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('')

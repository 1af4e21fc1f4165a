import type { Admission } from '../profile.ts'
import type { FindRoute } from './catalogue/catalogue.ts'
import type { Shape } from './catalogue/request-fields.ts'
import { type Defaults, isModelCall } from './default-experiment.ts'

/**
 * The query as MLflow gets it: the names that the route reads, with the project's default experiment in place of `0`.
 * What administrators alone may use keeps its query: the catalogue has no fields of such routes.
 */
export function queryFor(admitted: Admission, find: FindRoute, tenancy: Defaults): string {
  const { request, project } = admitted
  const { method, decodedPath, query } = request
  if (query === '' || isModelCall(request)) return query
  const route = find(method, decodedPath)
  if (route === undefined || route.use === 'admin') return query
  const fields = route.request?.query.fields ?? NONE
  const experiment = project && tenancy.defaultExperiment?.(project.id)
  return query
    .split('&')
    .flatMap((pair) => pairFor(pair, fields, experiment))
    .join('&')
}

const NONE: Shape['fields'] = new Map()

function pairFor(pair: string, fields: Shape['fields'], experiment: string | undefined): string[] {
  const equals = pair.indexOf('=')
  const name = equals === -1 ? pair : pair.slice(0, equals)
  const field = fields.get(decoded(name))
  if (field === undefined) return []
  const isDefault = field.kind === 'experiment' && decoded(pair.slice(name.length + 1)) === '0'
  return [isDefault && experiment !== undefined ? `${name}=${experiment}` : pair]
}

/** Empty where it is not UTF-8: MLflow has no such name. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return ''
  }
}

import type { CatalogueFile } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { buildRouteFinder, type CatalogueRoute } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import type { RequestEntry } from '../../../src/gateway/apps/mlflow/catalogue/request-fields.ts'
import type { Example } from './examples.ts'
import { type Place, placesOf } from './probe.ts'

/** What the catalogue says of a place in an example. */
export interface ClassedPlace extends Place {
  /** `SHAPE.field`, or `METHOD /path field`; undefined where the catalogue knows no such field. */
  readonly owner: string | undefined
  /** E.g. `workspace run`. */
  readonly fieldClass: string
}

/** Fields that name something of a project, by owner. */
export function identifiersOf(file: CatalogueFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const add = (owner: string, text: string) => {
    if (/^(?:workspace|checked|derived) /.test(text)) found.set(owner, text)
  }
  for (const [line, { path, headers, fields }] of Object.entries(file.requests ?? {}))
    for (const part of [path, headers, fields])
      for (const [name, text] of Object.entries(part ?? {})) add(`${line} ${name}`, text)
  for (const [shape, fields] of Object.entries(file.shapes ?? {}))
    for (const [name, text] of Object.entries(fields)) add(`${shape}.${name}`, text)
  return found
}

/** Looks up the places of an example in a catalogue; undefined for a route that the release does not have. */
export function classPlaces(file: CatalogueFile, example: Example): ClassedPlace[] | undefined {
  const [method = '', target = ''] = example.line.split(' ')
  const path = target.split('?')[0] as string
  const route = buildRouteFinder(file)(method, path)
  if (!route) return undefined
  const parameters = Object.entries(route.parameters(path))
  const rest = parameters.flatMap(([name, value]) => [...value.matchAll(/@[a-zA-Z]+/g)].map(() => name))
  return placesOf(example).map((place) => {
    const owner = ownerOf(file, route, place, place.field === 'path' ? rest.shift() : undefined)
    return { ...place, owner, fieldClass: (owner && classOf(file, owner)) ?? 'plain' }
  })
}

function ownerOf(file: CatalogueFile, { line }: CatalogueRoute, { field }: Place, parameter: string | undefined) {
  const entry: RequestEntry = file.requests?.[line] ?? {}
  if (field === 'path') return parameter && `${line} ${parameter}`
  const [where = '', ...names] = field.split('.')
  const own = names.join('.')
  if (entry.headers?.[own]) return `${line} ${own}`
  if (entry.fields?.[names[0] as string]) return `${line} ${names[0]}`
  let shape = where === 'query' ? entry.query : entry.body
  for (const name of names) {
    const text: string | undefined = shape && file.shapes?.[shape]?.[name]
    if (text === undefined) return undefined
    if (!text.startsWith('> ')) return `${shape}.${name}`
    shape = text.slice(2)
  }
  return undefined
}

function classOf(file: CatalogueFile, owner: string): string | undefined {
  const space = owner.lastIndexOf(' ')
  if (space > 0) {
    const { path, headers, fields } = file.requests?.[owner.slice(0, space)] ?? {}
    const name = owner.slice(space + 1)
    return path?.[name] ?? fields?.[name] ?? headers?.[name]
  }
  const dot = owner.lastIndexOf('.')
  return file.shapes?.[owner.slice(0, dot)]?.[owner.slice(dot + 1)]
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { operations } from '../../src/core-api/api/index.ts'
import { openApiDocument } from '../../src/core-api/operation/openapi.ts'
import { auditEvent, EVENTS } from '../../src/gateway/audit/event.ts'
import { REASONS } from '../../src/gateway/errors.ts'
import { HEADER_CONTRACT } from '../../src/gateway/forward/headers/owned-headers.ts'
import { METRICS } from '../../src/gateway/observability/metrics/catalogue.ts'
import type { MetricDefinition } from '../../src/gateway/observability/metrics/definition.ts'
import { checkout } from '../parts/directories.ts'
import type { Entry } from './entry.ts'
import { schemaEntries } from './schema-entries.ts'

/** Endpoints of both listeners, from the reference, which a test holds equal to the source. */
export function endpointEntries(): Entry[] {
  const page = readFileSync(join(checkout, 'docs', 'reference', 'endpoints.md'), 'utf8')
  const rows = page.matchAll(/^\| `(\/[^`]*)` \| ([^|]+) \|/gm)
  return [...rows].map(([, name = '', methods]) => ({ kind: 'endpoint', name, detail: methods }))
}

/** Request headers that the gateway writes, reads as the project, or removes. `*` ends a family. */
export const headerEntries = (): Entry[] =>
  Object.entries(HEADER_CONTRACT).flatMap(([detail, names]) => names.map((name) => ({ kind: 'header', name, detail })))

export const reasonEntries = (): Entry[] =>
  Object.entries(REASONS).map(([name, { status }]) => ({ kind: 'reason', name, detail: String(status) }))

export const metricEntries = (): Entry[] =>
  Object.entries<MetricDefinition>(METRICS).map(([name, { type, labels, buckets }]) => ({
    kind: 'metric',
    name,
    detail: [`${type}{${Object.keys(labels).sort().join(',')}}`, ...(buckets ? [buckets.join(' ')] : [])].join(' '),
  }))

export const auditEntries = (): Entry[] => [
  ...Object.entries(EVENTS).map(([name, [category]]) => ({ kind: 'audit-event', name, detail: category })),
  ...schemaEntries('audit-field', z.toJSONSchema(auditEvent)),
]

/** What is read of the OpenAPI document. */
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}
interface OpenApiOperation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>
}

/** Operations of the core API with their parameters, the schemas of their bodies, and the members of each schema. */
export function coreEntries(): Entry[] {
  const { paths, components } = openApiDocument(operations) as unknown as OpenApi
  const perOperation = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operationEntries(`${method.toUpperCase()} ${path}`, operation),
    ),
  )
  const schemas = Object.entries(components.schemas)
  return [...perOperation, ...schemas.flatMap(([name, schema]) => schemaEntries('core-member', schema, name))]
}

function operationEntries(name: string, { parameters = [], requestBody, responses }: OpenApiOperation): Entry[] {
  const body = (direction: string, { content = {} }: Content) =>
    Object.values(content).flatMap(({ schema }): Entry[] => {
      const { $ref } = schema
      if ($ref === undefined) return schemaEntries('core-member', schema, `${name} ${direction}`)
      return [{ kind: 'core-body', name: `${name} ${direction}`, detail: $ref.split('/').at(-1) }]
    })
  const succeeded = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  return [
    { kind: 'core-operation', name, detail: Object.keys(responses).sort().join(' ') },
    ...parameters.map((each) => ({ kind: 'core-parameter', name: `${name} ${each.in} ${each.name}` })),
    ...(requestBody ? body('request', requestBody) : []),
    ...succeeded.flatMap(([, response]) => body('response', response)),
  ]
}

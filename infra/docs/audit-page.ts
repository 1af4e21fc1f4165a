import * as z from 'zod'
import { airflowOperation } from '../../src/gateway/apps/airflow/operation.ts'
import { CATALOGUES, type CatalogueFile } from '../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { mlflowOperation } from '../../src/gateway/apps/mlflow/operation.ts'
import { auditEvent, EVENTS } from '../../src/gateway/audit/event.ts'

/** JSON Schema of one event, for programs that read the trail. Files with a chain add its three members. */
export function auditSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(auditEvent) as Record<string, unknown>
  const { properties, additionalProperties: _, ...rest } = schema
  const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' }
  const chain = {
    chain_seq: {
      type: 'integer',
      minimum: 1,
      description: 'Files with a hash chain: number of the line in the chain.',
    },
    prev: { ...hash, description: 'Files with a hash chain: hash of the line before.' },
    hash: { ...hash, description: 'Files with a hash chain: hash of the line up to here.' },
  }
  const title = 'Event of the audit trail of modelops-gateway'
  const whole = {
    $schema,
    title,
    ...rest,
    properties: { ...(properties as object), ...chain },
    additionalProperties: true,
  }
  return `${JSON.stringify(whole, null, 2)}\n`
}

/** The reference of the audit trail. */
export function auditPage(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const fields = Object.entries(auditEvent.shape).map(([name, schema]) => {
    const about = cell(z.globalRegistry.get(schema)?.description ?? '')
    return `| \`${name}\` | ${schema instanceof z.ZodOptional ? '' : 'always'} | ${about} |`
  })
  const events = Object.entries(EVENTS).map(([name, [category, about]]) => `| \`${name}\` | ${category} | ${about} |`)
  return [
    '# Audit events',
    '',
    'One event is one line of JSON. [audit-event.schema.json](audit-event.schema.json) is its JSON Schema. A field is added',
    'without a new version; `schema_version` changes if one is renamed or removed. [The guide](../guides/operate/audit.md)',
    'explains how to write, keep, query and verify the trail. This page is generated from `src/gateway/audit/event.ts`.',
    '',
    '## Events',
    '',
    '| event | category | meaning |',
    '|---|---|---|',
    ...events,
    '',
    'Always recorded: every event above. Of allowed requests: those that write or administer, WebSockets, and every request of',
    'an administrator to a project. `audit.reads: all` adds the others.',
    '',
    '## Fields',
    '',
    'Texts that a client or an issuer chose are cut, and control characters in them are replaced by U+FFFD.',
    '',
    '| field | presence | meaning |',
    '|---|---|---|',
    ...fields,
    '',
    'Lines of a file with a hash chain end with `chain_seq`, `prev` and `hash`.',
    '',
    '## Operations',
    '',
    'Names of `operation` for requests that write or administer. What has no name of its own is `<application>.<use>`, such as',
    '`generic.write`. Operations that only read have names of the same form.',
    '',
    '### MLflow',
    '',
    operations(mlflowOperations()),
    '',
    '### Airflow',
    '',
    operations(airflowOperations()),
    '',
    '### Core API',
    '',
    '`core.project.create`, `.update`, `.delete`; `core.project.archive.create`; `core.dataset-connection.create`, `.update`,',
    '`.delete`.',
    '',
  ].join('\n')
}

const operations = (names: readonly string[]): string =>
  `${[...new Set(names)]
    .sort()
    .map((name) => `\`${name}\``)
    .join(', ')}.`

const mlflowOperations = (): string[] =>
  Object.values<CatalogueFile>(CATALOGUES).flatMap(({ editor, admin }) =>
    [...editor, ...admin].flatMap((line) => mlflowOperation(line) ?? []),
  )

/** Paths of Airflow's API that people and scripts use to change something. */
const AIRFLOW_CHANGES: readonly (readonly [methods: string, path: string])[] = [
  ['POST', '/api/v2/dags/d/dagRuns'],
  ['PATCH DELETE', '/api/v2/dags/d/dagRuns/r'],
  ['POST', '/api/v2/dags/d/dagRuns/r/clear'],
  ['POST', '/api/v2/dags/d/clearTaskInstances'],
  ['PATCH DELETE', '/api/v2/dags/d'],
  ['PATCH DELETE', '/api/v2/dags/d/dagRuns/r/taskInstances/t'],
  ['POST PATCH DELETE', '/api/v2/dags/d/dagRuns/r/taskInstances/t/xcomEntries/x'],
  ['POST PATCH', '/api/v2/variables'],
  ['DELETE', '/api/v2/variables/v'],
  ['POST PATCH', '/api/v2/connections'],
  ['DELETE', '/api/v2/connections/c'],
  ['POST', '/api/v2/connections/test'],
  ['POST', '/api/v2/connections/defaults'],
  ['POST PATCH', '/api/v2/pools'],
  ['DELETE', '/api/v2/pools/p'],
  ['POST', '/api/v2/backfills'],
  ['PUT', '/api/v2/backfills/1/pause'],
  ['PUT', '/api/v2/backfills/1/unpause'],
  ['PUT', '/api/v2/backfills/1/cancel'],
  ['POST', '/api/v2/assets/events'],
  ['POST', '/api/v2/assets/1/materialize'],
  ['DELETE', '/api/v2/assets/1/queuedEvents'],
  ['PUT', '/api/v2/parseDagFile/token'],
]

const airflowOperations = (): string[] =>
  AIRFLOW_CHANGES.flatMap(([methods, path]) =>
    methods
      .split(' ')
      .flatMap((method) => airflowOperation({ method, path, decodedPath: path, query: '', headers: {} }) ?? []),
  )

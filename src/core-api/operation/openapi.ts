import * as z from 'zod'
import { CORE_REASONS, type CoreReason, reasonDetails } from './problems.ts'
import type { Operation } from './spec.ts'

/**
 * The OpenAPI 3.1 document, made from the schemas that validate requests and responses. Its JSON Schemas are of draft
 * 2020-12, the default of OpenAPI 3.1.
 */
export function openApiDocument(operations: readonly Operation[]): Record<string, unknown> {
  const schemas: Record<string, unknown> = {}
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { spec } of operations) {
    const path = spec.path.replaceAll(':id', '{id}')
    const item = paths[path] ?? {}
    item[spec.method] = lift(operationObject(spec), schemas)
    paths[path] = item
  }
  lift(schemaOf(problem, 'output'), schemas)
  return {
    openapi: '3.1.0',
    info: {
      title: 'ModelOps core API',
      version: '1',
      description: 'Projects and dataset connections. Every request is limited to one project.',
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        assertion: { type: 'apiKey', in: 'header', name: 'X-Gateway-Assertion' },
      },
      schemas,
    },
  }
}

const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    reason: z.enum([...CORE_REASONS]),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), expected: z.string(), got: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

type Spec = Operation['spec']

function operationObject(spec: Spec): Record<string, unknown> {
  return {
    operationId: spec.id,
    summary: spec.summary,
    ...(spec.scope === 'public' ? { security: [] } : { security: [{ assertion: [] }, { bearer: [] }] }),
    parameters: parametersOf(spec),
    ...(spec.body ? { requestBody: { required: true, content: json(schemaOf(spec.body, 'input')) } } : {}),
    responses: responsesOf(spec),
  }
}

function parametersOf(spec: Spec): unknown[] {
  const uuid = { type: 'string', format: 'uuid' }
  const parameters: unknown[] = []
  if (spec.path.includes(':id')) parameters.push({ name: 'id', in: 'path', required: true, schema: uuid })
  if (spec.scope !== 'public') {
    const description = 'The project. Name it here or as `projectId`.'
    parameters.push({ name: 'AOA-Project-ID', in: 'header', required: false, description, schema: uuid })
    parameters.push({ name: 'projectId', in: 'query', required: false, description, schema: uuid })
  }
  if (spec.revisions) {
    const name = spec.method === 'get' ? 'If-None-Match' : 'If-Match'
    if (spec.method !== 'post' || spec.path.includes(':id'))
      parameters.push({ name, in: 'header', required: false, schema: { type: 'string' } })
  }
  if (spec.query) parameters.push(...queryParameters(spec.query))
  return parameters
}

function queryParameters(query: z.ZodObject): unknown[] {
  const required = new Set(schemaOf(query, 'input').required)
  return Object.entries(query.shape).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field as z.ZodType, 'input')
    return { name, in: 'query', required: required.has(name), ...(description ? { description } : {}), schema }
  })
}

function responsesOf(spec: Spec): Record<string, unknown> {
  const responses: Record<string, unknown> = {
    [spec.status]: {
      description: spec.status === 204 ? 'Done.' : 'The response.',
      ...(spec.response ? { content: json(schemaOf(spec.response, 'output')) } : {}),
      ...(spec.revisions && spec.status !== 204 ? { headers: { ETag: { schema: { type: 'string' } } } } : {}),
    },
  }
  if (spec.revisions && spec.method === 'get') responses[304] = { description: 'Unchanged.' }
  for (const [status, reasons] of Map.groupBy(reasonsOf(spec), (reason) => reasonDetails(reason).status))
    responses[status] = {
      description: reasons.map((reason) => `\`${reason}\`: ${reasonDetails(reason).text}`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: '#/$defs/Problem' } } },
    }
  return responses
}

/** Every reason for which this operation can be denied or fail. */
function reasonsOf(spec: Spec): CoreReason[] {
  const signedIn: CoreReason[] = ['login-required', 'token-invalid', 'credentials-ambiguous', 'issuer-down']
  const project: CoreReason[] = ['project-malformed', 'project-ambiguous', 'not-in-project']
  const needs = {
    editor: 'viewer-read-only',
    admin: 'admin-only',
    'directory-reader': 'service-only',
    'job-user': 'service-only',
  } as const
  const reasons: CoreReason[] = [
    ...(spec.scope === 'public' ? [] : [...signedIn, ...project]),
    ...(spec.scope === 'project' ? (['project-missing'] as const) : []),
    ...(spec.needs ? [needs[spec.needs]] : []),
    ...(spec.needs === 'editor' ? (['project-archived'] as const) : []),
    'query-invalid',
    ...(spec.body ? (['body-invalid', 'body-malformed', 'body-too-large', 'unsupported-media-type'] as const) : []),
    ...(spec.revisions && spec.method !== 'get' ? (['precondition-failed'] as const) : []),
    ...(spec.scope === 'public' ? [] : (['storage-down'] as const)),
    ...(spec.reasons ?? []),
    'internal',
  ]
  return [...new Set(reasons)]
}

const json = (schema: unknown) => ({ 'application/json': { schema } })

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> & { required?: string[] } {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    reused: 'inline',
    // A schema's name is its key among the components; `id` would repeat it.
    override: ({ jsonSchema }) => {
      delete jsonSchema.id
    },
  })
  return rest
}

/** Moves named schemas to `components.schemas` and updates the references. */
function lift(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => lift(item, schemas))
  if (value === null || typeof value !== 'object') return value
  const lifted: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (key === '$defs') for (const [name, schema] of Object.entries(item)) schemas[name] = lift(schema, schemas)
    else if (key === '$ref') lifted[key] = String(item).replace('#/$defs/', '#/components/schemas/')
    else lifted[key] = lift(item, schemas)
  }
  return lifted
}

import * as z from 'zod'
import { childOf, unwrap } from '../../../shared/settings/schema-walk.ts'
import type { Config } from '../../config/schema.ts'
import { configSchema } from '../../config/schema.ts'
import { shownStore } from './shown-store.ts'

/** One key of the configuration as administrators see it. */
export interface ShownValue {
  /** Dotted path, e.g. `routes.0.upstream`. */
  readonly path: string
  /** Undefined: the value is hidden. */
  readonly value: string | undefined
}

/**
 * Texts that may be shown. Everything else is hidden, a key that a later version adds as well: a text is shown only once
 * somebody has written it down here. Numbers, booleans and closed lists of words cannot contain a secret and need no row.
 * `*` stands for an index of a list or a key of a record.
 */
const SHOWN: ReadonlySet<string> = new Set([
  'server.listen',
  'server.publicUrl',
  'server.trustedProxies.*',
  'server.adminListen',
  'issuer.url',
  'issuer.clientId',
  'issuer.clientKeys.*.path',
  'issuer.clientKeys.*.kid',
  'issuer.clientCertificate.path',
  'issuer.clientCertificate.keyPath',
  'issuer.clientAssertion.path',
  'issuer.scopes.*',
  'issuer.groupsClaim',
  'issuer.groups.claim',
  'issuer.groups.prefix',
  'issuer.projectsClaim',
  'issuer.usernameClaim',
  'issuer.audiences.*',
  'issuer.resource',
  'issuer.accessTokenTypes.*',
  'issuer.additional.*.url',
  'issuer.additional.*.audiences.*',
  'issuer.additional.*.jwksUrl',
  'issuer.additional.*.accessTokenTypes.*',
  'issuer.additional.*.groupsClaim',
  'issuer.additional.*.groups.*.*',
  'issuer.additional.*.jwksFile',
  'issuer.additional.*.rules.*.name',
  'issuer.additional.*.rules.*.claims.*',
  'issuer.additional.*.rules.*.project',
  'issuer.additional.*.subjectClaims.*',
  'issuer.cliClientId',
  'issuer.cliScopes.*',
  'cookie.name',
  'cookie.domain',
  'access.adminGroup',
  'access.serviceUsers.*',
  'projects.path',
  'projects.url',
  'projects.clientId',
  'routes.*.name',
  'routes.*.host',
  'routes.*.path',
  'routes.*.upstream',
  'routes.*.acr.*',
  'routes.*.methods.*',
  'routes.*.title',
  'routes.*.tokenExchange.audience',
  'routes.*.tokenExchange.resource',
  'routes.*.tokenExchange.scopes.*',
  'routes.*.mlflow.instances.*',
  'routes.*.mlflow.namespaces.*',
  'cors.allowedOrigins.*',
  'server.frameAncestors.*',
  'audit.sinks.*.name',
  'audit.sinks.*.path',
  'audit.sinks.*.address',
  'audit.sinks.*.appName',
  'audit.sinks.*.url',
  'observability.tracing.endpoint',
  'observability.tracing.serviceName',
  'portal.branding.name',
  'portal.branding.logo',
  'portal.branding.icon',
  'portal.branding.accent',
  'portal.branding.accentDark',
])

/** Lists that have a page of their own, and may be long. */
const COUNTED: ReadonlySet<string> = new Set(['projects.list'])

/** Every key that has a value, in the order of the schema. */
export function shownValues(config: Config): readonly ShownValue[] {
  return walk({ schema: configSchema, value: config, path: [], pattern: [] })
}

interface Node {
  readonly schema: z.ZodType | undefined
  readonly value: unknown
  readonly path: readonly string[]
  readonly pattern: readonly string[]
}

function walk({ schema, value, path, pattern }: Node): ShownValue[] {
  if (value === undefined) return []
  const [dotted, kind] = [path.join('.'), pattern.join('.')]
  if (value === null || typeof value !== 'object') return [{ path: dotted, value: shown(schema, value, kind) }]
  if (COUNTED.has(kind)) return [{ path: dotted, value: `${Object.keys(value).length} entries` }]
  const children = Object.entries(value).map(([key, entry]) => ({
    schema: schema && childOf(schema, key, value),
    value: entry as unknown,
    path: [...path, key],
    pattern: [...pattern, hasFixedKeys(schema) ? key : '*'],
  }))
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object'))
    return [
      {
        path: dotted,
        value: joined(children.map((child) => shown(child.schema, child.value, child.pattern.join('.')))),
      },
    ]
  return children.length === 0 ? [{ path: dotted, value: 'none' }] : children.flatMap(walk)
}

const hasFixedKeys = (schema: z.ZodType | undefined) => {
  const bare = schema && unwrap(schema)
  return bare instanceof z.ZodObject || bare instanceof z.ZodUnion
}

/** A list is hidden as a whole if one of its values is. */
const joined = (values: readonly (string | undefined)[]): string | undefined =>
  values.includes(undefined) ? undefined : values.join(', ') || 'none'

function shown(schema: z.ZodType | undefined, value: unknown, pattern: string): string | undefined {
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  if (typeof value !== 'string' || schema === undefined) return undefined
  if (pattern === 'session.store') return shownStore(value)
  return SHOWN.has(pattern) || isClosedList(unwrap(schema)) ? value : undefined
}

/** A field whose values the schema lists. */
const isClosedList = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodEnum ||
  schema instanceof z.ZodLiteral ||
  (schema instanceof z.ZodUnion && schema.options.every((option) => option instanceof z.ZodLiteral))

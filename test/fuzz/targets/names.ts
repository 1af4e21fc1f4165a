import type { Parser } from '../oracles/oracle.ts'

/** A parser of the gateway that is fuzzed; its file has the same name. */
export interface TargetEntry {
  readonly about: string
  /** Files, or folders, whose edges count, below `src`. */
  readonly covers: readonly string[]
  /** The other parsers that it is compared with. */
  readonly asks: readonly Parser[]
}

export const TARGETS = {
  target: {
    about: 'request target: canonical path, route, path below the route',
    asks: ['path', 'nginx:requests'],
    covers: [
      'gateway/http/target.ts',
      'gateway/routing/below-route.ts',
      'gateway/routing/routes.ts',
      'gateway/policy/project-query.ts',
      'shared/project-id.ts',
      'shared/project-name.ts',
    ],
  },
  request: {
    about: 'a whole request: syntax, route, header fields, framing, what is written for the upstream',
    asks: ['node:requests', 'nginx:requests', 'http.server', 'h11', 'werkzeug', 'starlette'],
    covers: [
      ...[
        'gateway/http/request-head.ts',
        'gateway/http/syntax.ts',
        'gateway/http/target.ts',
        'gateway/http/fold-name.ts',
        'gateway/http/client-address.ts',
      ],
      ...[
        'gateway/routing/below-route.ts',
        'gateway/routing/routes.ts',
        'gateway/routing/request-context.ts',
        'gateway/policy/project-query.ts',
        'shared/project-id.ts',
        'shared/project-name.ts',
      ],
      ...[
        'gateway/forward/headers/owned-headers.ts',
        'gateway/forward/headers/identity-headers.ts',
        'gateway/forward/headers/upstream-cookies.ts',
        'gateway/forward/headers/outward-groups.ts',
        'gateway/forward/headers/asserted-projects.ts',
        'gateway/forward/headers/upstream-authorization.ts',
        'gateway/forward/upstream-request.ts',
      ],
    ],
  },
  project: {
    about: 'the project that headers, path and query name',
    asks: ['query'],
    covers: [
      'gateway/policy/project-query.ts',
      'gateway/routing/below-route.ts',
      'gateway/routing/namespace.ts',
      'gateway/http/fold-name.ts',
      'shared/project-id.ts',
      'shared/project-name.ts',
    ],
  },
  cookie: {
    about: 'the session cookie, and the cookies that an application gets',
    asks: ['cookies'],
    covers: ['gateway/sessions/session-cookie.ts', 'gateway/forward/headers/upstream-cookies.ts'],
  },
  configuration: {
    about: 'a configuration file, from YAML to a frozen value or errors without secrets',
    asks: [],
    covers: ['shared/settings/', 'gateway/config/'],
  },
  response: {
    about: 'an upstream’s response: head, framing, body, in pieces of any length',
    asks: ['node:response', 'h11:response', 'http.client'],
    covers: [
      'gateway/upstream/response-head.ts',
      'gateway/upstream/response-reader.ts',
      'gateway/upstream/chunked-decoder.ts',
    ],
  },
  chunked: {
    about: 'a chunked body, in pieces of any length',
    asks: ['node:response', 'h11:response', 'http.client'],
    covers: ['gateway/upstream/chunked-decoder.ts', 'gateway/upstream/response-head.ts'],
  },
  json: {
    about: 'strict JSON, and what is written for MLflow',
    asks: ['json'],
    covers: ['gateway/apps/mlflow/body/strict-json.ts'],
  },
  'otlp-protobuf': {
    about: 'an OTLP trace export in protobuf',
    asks: ['otlp:protobuf'],
    covers: ['gateway/apps/mlflow/otlp/', 'gateway/apps/mlflow/body/reserved-keys.ts'],
  },
  'otlp-json': {
    about: 'an OTLP trace export in JSON',
    asks: ['otlp:json'],
    covers: [
      'gateway/apps/mlflow/otlp/',
      'gateway/apps/mlflow/body/strict-json.ts',
      'gateway/apps/mlflow/body/reserved-keys.ts',
    ],
  },
  assertion: {
    about: 'the assertion that the gateway signs: any name and group, verified and read by others',
    asks: ['jwt'],
    covers: [
      'gateway/forward/headers/assertion.ts',
      'gateway/forward/headers/outward-groups.ts',
      'gateway/forward/headers/identity-headers.ts',
      'gateway/forward/headers/request-proof.ts',
    ],
  },
  token: {
    about: 'a JWT before its signature is checked',
    asks: ['jwt'],
    covers: ['shared/tokens/compact-jwt.ts', 'shared/tokens/repeated-members.ts'],
  },
} as const satisfies Readonly<Record<string, TargetEntry>>

export type TargetName = keyof typeof TARGETS

export const TARGET_NAMES = Object.keys(TARGETS) as readonly TargetName[]

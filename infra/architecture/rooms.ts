/**
 * The rooms of `src` and the direction of imports between them. The one source of three things: the rules that
 * `npm run architecture` enforces, the table in docs/architecture.md, and the answer to "where does this belong?".
 * Rooms are listed from the top down: a room imports only rooms that stand below it, and only those it names.
 */
export interface Room {
  /** Folder or file below `src`. */
  readonly path: string
  readonly holds: string
  /** Rooms it may import; its own files and npm packages always. */
  readonly mayImport: readonly string[]
}

const gateway = (name: string, holds: string, mayImport: readonly string[]): Room => ({
  path: `gateway/${name}`,
  holds,
  mayImport: mayImport.map((room) => (room === 'shared' ? room : `gateway/${room}`)),
})

export const ROOMS: readonly Room[] = [
  {
    path: 'cli',
    holds:
      'The command line: init, serve, check, doctor, explain, schema, login, token, whoami, projects, migrate, core, job-env.',
    mayImport: [
      'core-api',
      'gateway/runtime',
      'gateway/request',
      'gateway/routing',
      'gateway/signin',
      'gateway/forward',
      'gateway/apps',
      'gateway/tokens',
      'gateway/issuer',
      'gateway/sessions',
      'gateway/projects',
      'gateway/config',
      'gateway/observability',
      'gateway/http',
      'gateway/policy',
      'gateway/errors.ts',
      'shared',
    ],
  },
  {
    path: 'core-api',
    holds: 'The core API: projects and dataset connections. A service of its own that the gateway never imports.',
    mayImport: ['shared'],
  },
  gateway('runtime', 'Start, drain, workers, and the switch to the next configuration.', [
    'admin',
    'request',
    'signin',
    'forward',
    'routing',
    'apps',
    'pages',
    'tokens',
    'issuer',
    'sessions',
    'projects',
    'upstream',
    'config',
    'observability',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('admin', 'The admin listener: metrics and session administration.', [
    'pages',
    'sessions',
    'observability',
    'http',
    'errors.ts',
    'shared',
  ]),
  gateway('request', 'The request path: the pipeline, its steps, and the one responder.', [
    'forward',
    'routing',
    'apps',
    'pages',
    'tokens',
    'projects',
    'config',
    'observability',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('signin', 'Sign-in, callback, sign-out, project selection and the portal: everything under `/auth/`.', [
    'pages',
    'tokens',
    'issuer',
    'sessions',
    'projects',
    'config',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway(
    'forward',
    'The request to the upstream and its response; upgrades; re-authorization of long-lived connections.',
    [
      'routing',
      'apps',
      'tokens',
      'sessions',
      'upstream',
      'projects',
      'config',
      'http',
      'policy',
      'errors.ts',
      'shared',
    ],
  ),
  gateway('routing', 'Routes, and what is known of one request: its context.', [
    'apps',
    'tokens',
    'config',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('apps', 'What the gateway knows of each application: mlflow, airflow, core, generic.', [
    'config',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('pages', 'All HTML.', ['config', 'policy', 'errors.ts', 'shared']),
  gateway('tokens', 'Who is calling: session, bearer token or Basic credentials.', [
    'issuer',
    'sessions',
    'config',
    'http',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('issuer', 'The relying party: discovery, grants, refresh, keys, claims.', [
    'sessions',
    'config',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway('sessions', 'Sessions, their cookie, refresh and cache, and the stores: memory, sqlite, Redis.', [
    'config',
    'policy',
    'errors.ts',
    'shared',
  ]),
  gateway(
    'projects',
    'Where projects come from: static, file, claim, core. Each source produces immutable snapshots.',
    ['config', 'policy', 'errors.ts', 'shared'],
  ),
  gateway('upstream', 'The HTTP/1.1 client: a leaf with errors of its own.', ['shared']),
  gateway(
    'observability',
    'Log, audit, metrics and tracing. Imports types alone from elsewhere, and the class of denials.',
    ['http', 'policy', 'errors.ts', 'shared'],
  ),
  gateway('config', 'The schema of the configuration, loading, and checks across fields.', ['errors.ts', 'shared']),
  gateway('http', 'Plain HTTP: request head, request syntax check, target, client address, reply.', [
    'errors.ts',
    'shared',
  ]),
  gateway('policy', 'The decision, membership, roles and the project snapshot: pure.', ['shared']),
  gateway('errors.ts', 'Every reason for which the gateway denies a request: its status and its words.', ['shared']),
  { path: 'shared', holds: 'What the three roofs share: the clock, the settings loader, small rules.', mayImport: [] },
]

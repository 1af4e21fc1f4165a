import * as z from 'zod'
import type { FieldError } from '../shared/settings/field-errors.ts'
import { httpUrl, listenAddress, origin, seconds, token } from '../shared/settings/fields.ts'
import { parseSettings } from '../shared/settings/load-settings.ts'
import { metadata } from '../shared/settings/metadata.ts'
import { readSettingsFile } from '../shared/settings/read-file.ts'

/** The configuration of the core API, which is a separate service and does not read the gateway's. */

const server = z.strictObject({
  listen: listenAddress.default('127.0.0.1:8081').describe('Address and port of the service.'),
  publicUrl: httpUrl
    .optional()
    .describe('URL that clients use, including its path. Links in responses start with it. Default: links are paths.'),
  drainSeconds: seconds(0, 3600).default(30).describe('How long requests in flight may take after SIGTERM.'),
})

const gateway = z
  .strictObject({
    publicUrl: origin.describe('`server.publicUrl` of the gateway: the `iss` of its assertions.'),
    jwksUrl: httpUrl.optional().describe('URL of its keys. Default: publicUrl + /auth/jwks.json.'),
    audience: token.default('core').describe('Name of the gateway’s route to this service: the `aud` of assertions.'),
  })
  .describe('The gateway whose assertions are trusted. Default: none.')

const issuer = z
  .strictObject({
    url: httpUrl.describe('Issuer identifier: the `iss` of access tokens.'),
    jwksUrl: httpUrl.optional().describe('URL of its keys. Default: `jwks_uri` of its discovery document.'),
    audiences: z.array(token).min(1).describe('Audiences accepted in access tokens.'),
    algorithms: z
      .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .describe('Signature algorithms accepted in access tokens.'),
    accessTokenTypes: z
      .array(token)
      .min(1)
      .default(['at+jwt', 'Bearer'])
      .describe('Accepted types of access tokens: the `typ` header (RFC 9068) or the `typ` claim (Keycloak: Bearer).'),
    groupsClaim: z.string().min(1).default('groups').describe('Claim that contains the groups, an array of strings.'),
    usernameClaim: z.string().min(1).default('preferred_username').describe('Claim that contains the user name.'),
  })
  .describe('The issuer whose access tokens are trusted. Default: none.')

const clientIds = z.array(token).default([])

const access = z.strictObject({
  adminGroup: z.string().min(1).describe('Group whose members are administrators; compared exactly.'),
  directoryReaders: clientIds.describe('Client IDs of machines that may read the directory of projects: the gateway.'),
  jobUsers: clientIds.describe('Client IDs of machines that may read encrypted credentials for jobs: job-env.'),
  adminClients: clientIds.describe('Client IDs of machines that are administrators.'),
  serviceUsers: z
    .array(token)
    .default([])
    .describe(
      'Deprecated: client IDs that are in directoryReaders, jobUsers and adminClients at once. Will be removed.',
    )
    .register(metadata, {
      replaced: { by: ['directoryReaders', 'jobUsers', 'adminClients'], removedIn: '0.3.0' },
    }),
  clockSkewSeconds: seconds(0, 300)
    .default(60)
    .describe('Clock difference that is tolerated in tokens and assertions.'),
})

const storage = z.strictObject({
  url: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'expected sqlite:PATH or postgresql://…')
    .default('sqlite:core.db')
    .describe('`sqlite:PATH` (embedded) or `postgresql://…` (for several processes and production).')
    .register(metadata, { secret: true, path: 'sqlite' }),
  connections: z.int().min(1).max(200).default(10).describe('Maximum number of connections to PostgreSQL.'),
  timeoutSeconds: seconds(1, 60).default(10).describe('Maximum time for a connection or a statement.'),
})

const encryptionToken = z
  .string()
  .regex(/^\S+$/u, 'expected a token without spaces')
  .describe(
    'Token that encrypts credentials, and that job-env decrypts them with; use ${env:AOA_CONN_ENCRYPTION_TOKEN}.',
  )

const encryption = z
  .strictObject({
    token: encryptionToken,
    previousTokens: z
      .array(encryptionToken)
      .default([])
      .describe('Previous tokens, which decrypt until `core rotate-token` has re-encrypted everything.'),
  })
  .register(metadata, { secret: true })

const sections = z.strictObject({
  server: server.prefault({}),
  gateway: gateway.optional(),
  issuer: issuer.optional(),
  access,
  storage: storage.prefault({}),
  encryption,
  jobs: z
    .strictObject({
      userIs: z
        .enum(['username', 'subject'])
        .default('subject')
        .describe(
          'What `job-env --user` names. With `username`, people must not be able to change their user name at the issuer.',
        ),
      membershipDays: z
        .int()
        .min(1)
        .max(366)
        .default(30)
        .describe('For how many days a request of a user in the project lets jobs run for that user.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      bodyBytes: z
        .int()
        .min(65_536)
        .max(67_108_864)
        .default(8_388_608)
        .describe('Maximum size of a request body, in bytes.'),
      bodyIdleSeconds: seconds(1, 3600)
        .default(60)
        .describe('A request gets 408 if its body makes no progress for this many seconds.'),
      bodyBytesPerSecond: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(240)
        .describe(
          'Minimum rate of a request body in bytes per second, as an average over limits.bodyIdleSeconds; a slower one gets 408. 0: no minimum.',
        ),
      credentialBytes: z
        .int()
        .min(64)
        .max(1_048_576)
        .default(1_048_576)
        .describe('Maximum length of a user name or password of a connection, in bytes of UTF-8.'),
      pageSize: z.int().min(1).max(10_000).default(1000).describe('Maximum page size of a list.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Minimum log level.'),
      requests: z.enum(['all', 'refused', 'none']).default('refused').describe('Which requests are logged.'),
    })
    .prefault({}),
})

export const coreConfigSchema = sections.refine(
  ({ gateway, issuer }) => gateway !== undefined || issuer !== undefined,
  {
    path: ['gateway'],
    error: 'expected a gateway or an issuer, because without them no caller can be authenticated',
  },
)

export type CoreConfig = z.output<typeof coreConfigSchema>

/** @throws ConfigurationError with all errors together */
export function loadCoreConfig(file: string, env: NodeJS.ProcessEnv = process.env): CoreConfig {
  return parseCoreConfig(readSettingsFile(file), file, env)
}

/** @throws ConfigurationError */
export function parseCoreConfig(text: string, file: string, env: NodeJS.ProcessEnv = process.env): CoreConfig {
  return parseSettings({ schema: coreConfigSchema, checks }, text, file, env)
}

function checks({ encryption }: Partial<CoreConfig>): FieldError[] {
  if (!encryption?.previousTokens.includes(encryption.token)) return []
  const path = 'encryption.previousTokens'
  return [{ path, expected: 'tokens other than encryption.token', got: 'the same token (not shown)' }]
}

import { z } from 'zod'
import type { FieldError } from '../shared/settings/field-errors.ts'
import { httpUrl, listenAddress, origin, seconds, token } from '../shared/settings/fields.ts'
import { parseSettings, readSettingsFile } from '../shared/settings/load-settings.ts'

/** The core API's own configuration: it is a service by itself and knows nothing of the gateway's. */

const server = z.strictObject({
  listen: listenAddress.default('127.0.0.1:8081').describe('Address and port of the service.'),
  publicUrl: httpUrl
    .optional()
    .describe('Address that clients use, path included; links in answers start with it. Absent: links are paths.'),
  drainSeconds: seconds(0, 3600).default(30).describe('Longest time that requests in flight get at SIGTERM.'),
})

const gateway = z
  .strictObject({
    publicUrl: origin.describe('`server.publicUrl` of the gateway: the `iss` of its assertions.'),
    jwksUrl: httpUrl.optional().describe('Where its keys are fetched. Default: publicUrl + /auth/jwks.json.'),
    audience: token.default('core').describe('Name of the gateway’s route to this service: the `aud` of assertions.'),
  })
  .describe('The gateway whose assertions are believed. Absent: none are.')

const issuer = z
  .strictObject({
    url: httpUrl.describe('Issuer identifier: the `iss` of access tokens.'),
    jwksUrl: httpUrl.optional().describe('Where its keys are fetched. Default: `jwks_uri` of its discovery document.'),
    audiences: z.array(token).min(1).describe('Audiences accepted in access tokens.'),
    algorithms: z
      .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .describe('Signature algorithms accepted in access tokens.'),
    groupsClaim: z.string().min(1).default('groups').describe('Claim that lists the groups; an array of strings.'),
    usernameClaim: z.string().min(1).default('preferred_username').describe('Claim recorded as the user’s name.'),
  })
  .describe('The issuer whose access tokens are believed. Absent: none are.')

const access = z.strictObject({
  adminGroup: z.string().min(1).describe('Group whose members are administrators; compared exactly.'),
  serviceUsers: z
    .array(token)
    .default([])
    .describe(
      'Client ids of machines that may read the directory of projects and the sealed credentials of a job’s connection.',
    ),
  clockSkewSeconds: seconds(0, 300).default(60).describe('Clock difference tolerated when times in proofs are judged.'),
})

const storage = z.strictObject({
  url: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'expected sqlite:PATH or postgresql://…')
    .default('sqlite:core.db')
    .describe('`sqlite:PATH` (embedded) or `postgresql://…` (for several processes and real use).'),
  connections: z.int().min(1).max(200).default(10).describe('Most connections to PostgreSQL.'),
  timeoutSeconds: seconds(1, 60).default(10).describe('Longest wait for a connection or a statement.'),
})

const encryptionToken = z
  .string()
  .regex(/^\S+$/u, 'expected a token without spaces')
  .describe('Token that the job side decrypts with; use ${env:AOA_CONN_ENCRYPTION_TOKEN}.')

const encryption = z.strictObject({
  token: encryptionToken,
  previousTokens: z
    .array(encryptionToken)
    .default([])
    .describe('Former tokens, read until `core rotate-token` has sealed everything anew.'),
})

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
        .default('username')
        .describe(
          'What a scheduler names as the job’s user. `subject` where people may change their own user name at the issuer.',
        ),
    })
    .prefault({}),
  limits: z
    .strictObject({
      bodyBytes: z.int().min(65_536).max(67_108_864).default(8_388_608).describe('Largest request body.'),
      credentialBytes: z
        .int()
        .min(64)
        .max(1_048_576)
        .default(1_048_576)
        .describe('Longest user name or password of a connection, in bytes of UTF-8.'),
      pageSize: z.int().min(1).max(10_000).default(1000).describe('Largest page of a list.'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severity written.'),
      requests: z.enum(['all', 'refused', 'none']).default('refused').describe('Which requests get a line.'),
    })
    .prefault({}),
})

export const coreConfigSchema = sections.refine(
  ({ gateway, issuer }) => gateway !== undefined || issuer !== undefined,
  {
    path: ['gateway'],
    error: 'expected a gateway or an issuer; without either nobody could be believed',
  },
)

export type CoreConfig = z.output<typeof coreConfigSchema>

/** @throws ConfigurationError with every fault at once */
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

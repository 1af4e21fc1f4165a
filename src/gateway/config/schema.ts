import { z } from 'zod'
import {
  cidr,
  hostName,
  httpUrl,
  listenAddress,
  origin,
  routePath,
  seconds,
  storeAddress,
  token,
  uuid,
} from '../../shared/settings/fields.ts'

/**
 * The configuration: types, defaults, units, documentation and messages in one table.
 * `modelops-gateway schema` prints it as JSON Schema; `docs/reference/configuration.md` is generated from it.
 */

const server = z.strictObject({
  listen: listenAddress.default('127.0.0.1:4180').describe('Address and port of the public listener.'),
  publicUrl: origin.describe('Origin that browsers use: scheme, host and port, no path.'),
  insecureHttp: z
    .boolean()
    .default(false)
    .describe(
      'Accept plain http outside loopback for publicUrl and issuer.url. Only for closed test networks; warns at every start.',
    ),
  trustedProxies: z
    .array(cidr)
    .default([])
    .describe('Addresses (CIDR) whose X-Forwarded-For is believed. Empty: nobody.'),
  adminListen: listenAddress
    .optional()
    .describe('Address and port of the admin listener: /metrics and session administration. Absent: none.'),
  adminTokenHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe(
      'SHA-256 (hex) of the bearer token that the session administration asks for. Absent: only /metrics is served.',
    ),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(256)])
    .default(1)
    .describe('Processes that share the listener; `auto`: one a core. The memory store allows one.'),
  drainSeconds: seconds(0, 3600).default(30).describe('Longest time that requests in flight get at SIGTERM.'),
})

const additionalIssuer = z.strictObject({
  url: httpUrl.describe('Issuer identifier, exactly as in the tokens’ `iss`.'),
  audiences: z.array(token).min(1).describe('Audiences accepted in its tokens.'),
  jwksUrl: httpUrl.optional().describe('Where its keys are. Default: where its metadata says.'),
  accessTokenTypes: z
    .array(token)
    .default([])
    .describe('Marks of its access tokens, as issuer.accessTokenTypes. Empty: they carry none (Kubernetes).'),
  principals: z.enum(['machine', 'person']).default('machine').describe('Whom its tokens speak for.'),
  groupsClaim: z.string().min(1).optional().describe('Claim that lists the groups. Absent: its tokens bring none.'),
  groups: z
    .record(z.string().min(1), z.array(z.string().min(1)))
    .default({})
    .describe('Groups of its subjects, by `sub`.'),
})

const issuer = z.strictObject({
  url: httpUrl.describe(
    'Issuer identifier; discovery starts here and must name exactly this value (OIDC Discovery §4.3).',
  ),
  clientId: token.describe('Client id of the gateway at the issuer.'),
  clientSecret: z.string().min(1).describe('Client secret; use ${env:NAME} or ${file:PATH}.'),
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_basic')
    .describe('How the gateway authenticates at the token endpoint.'),
  scopes: z
    .array(token)
    .default(['openid', 'profile', 'email'])
    .describe('Scopes of a login; `openid` is always among them.'),
  groupsClaim: z.string().min(1).default('groups').describe('Claim that lists the groups; an array of strings.'),
  projectsClaim: z
    .string()
    .min(1)
    .default('project_ids')
    .describe('Claim that lists project UUIDs; read where projects.source is `claim`.'),
  usernameClaim: z
    .string()
    .min(1)
    .default('preferred_username')
    .describe('Claim shown as the user’s name; never an identity.'),
  audiences: z.array(token).min(1).optional().describe('Audiences accepted in bearer tokens. Default: the client id.'),
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
    .describe('Signature algorithms accepted in ID tokens and bearer tokens.'),
  accessTokenTypes: z
    .array(token)
    .min(1)
    .default(['at+jwt', 'Bearer'])
    .describe('Marks of an access token: the `typ` header (RFC 9068) or the `typ` claim (Keycloak: Bearer).'),
  introspection: z
    .boolean()
    .default(false)
    .describe(
      'Ask the issuer about bearer tokens that are no JWTs (RFC 7662). Its answers are believed for 30 seconds.',
    ),
  basicTokenParameters: z
    .record(z.string(), z.string())
    .default({})
    .describe('Further parameters of the token requests for Basic credentials, such as `audience` or `resource`.'),
  additional: z
    .array(additionalIssuer)
    .default([])
    .describe('Further issuers whose access tokens are accepted, e.g. of Kubernetes service accounts.'),
  requirePkce: z
    .boolean()
    .default(true)
    .describe('Refuse an issuer whose metadata does not announce PKCE S256. The gateway sends PKCE in any case.'),
  timeoutSeconds: seconds(1, 60).default(8).describe('Longest wait for one answer of the issuer.'),
  clockSkewSeconds: seconds(0, 300).default(60).describe('Clock difference tolerated when times in tokens are judged.'),
  maxAgeSeconds: seconds(1, 31_536_000)
    .optional()
    .describe('Longest time since the person’s last active authentication; asked for and checked (`max_age`).'),
  cliClientId: token
    .optional()
    .describe('Public client that people at a terminal sign in with; published at /auth/client-config. Absent: none.'),
  cliScopes: z
    .array(token)
    .default(['openid', 'profile', 'email', 'offline_access'])
    .describe('Scopes of a sign-in at a terminal; without `offline_access` it may end with the issuer’s session.'),
})

const session = z.strictObject({
  secrets: z
    .array(z.string())
    .min(1)
    .describe('Secrets of at least 32 bytes. The first writes, all read: put a new one in front to rotate.'),
  store: storeAddress
    .default('memory')
    .describe(
      'memory | sqlite:PATH | redis://[user:password@]host[:port][/database] | rediss://… (TLS) | redis+sentinel://host,host/master | redis+cluster://host,host',
    ),
  storeCa: z
    .string()
    .regex(/-----BEGIN CERTIFICATE-----/, 'expected PEM certificates, e.g. ${file:PATH}')
    .optional()
    .describe('Certificates (PEM) that may sign the certificate of a rediss:// store. Absent: the system’s.'),
  storeTimeoutMs: z
    .int()
    .min(50)
    .max(30_000)
    .default(1000)
    .describe('Longest wait for one answer of a Redis store, in milliseconds; later counts as down.'),
  idleSeconds: seconds(60, 31_536_000).default(3600).describe('A session ends after this time without a request.'),
  absoluteSeconds: seconds(60, 34_560_000)
    .default(43_200)
    .describe('A session ends this long after login, whatever happens.'),
  cacheSeconds: seconds(0, 60)
    .default(5)
    .describe('How long a process may answer from its own copy of a session when no word comes from a shared store.'),
  cacheEntries: z
    .int()
    .min(100)
    .max(10_000_000)
    .default(200_000)
    .describe('Sessions a process keeps in memory at most.'),
  staleSeconds: seconds(0, 3600)
    .default(300)
    .describe('How long sessions known to a process go on while the store cannot be reached.'),
  refreshBeforeSeconds: seconds(0, 3600)
    .default(60)
    .describe('Tokens are refreshed when the access token has less than this left.'),
  issuerGraceSeconds: seconds(0, 86_400)
    .default(600)
    .describe('How long a session goes on past the access token’s expiry while the issuer cannot be reached.'),
})

const cookie = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, `_` or `-`')
    .default('modelops_gateway')
    .describe('Base name; `__Host-` or `__Secure-` is put before it when the cookie is secure.'),
  domain: hostName
    .optional()
    .describe('Shares the session with all hosts below this domain. Absent: the public host only (`__Host-`).'),
  secure: z.boolean().optional().describe('Default: true when publicUrl is https.'),
  sameSite: z.enum(['lax', 'strict', 'none']).default('lax').describe('SameSite attribute of the session cookie.'),
})

const access = z.strictObject({
  adminGroup: z.string().min(1).describe('Group whose members are administrators; compared exactly.'),
  serviceUsers: z.array(token).default([]).describe('Client ids whose client-credentials tokens are administrators.'),
})

const project = z.strictObject({
  id: uuid.describe('UUID of the project.'),
  name: z.string().min(1).max(200).describe('Name shown to people.'),
  groups: z.array(z.string().min(1)).describe('Security groups whose members may read and write.'),
  viewerGroups: z.array(z.string().min(1)).default([]).describe('Security groups whose members may read.'),
})
export const projectList = z.array(project)

const projects = z.discriminatedUnion('source', [
  z.strictObject({ source: z.literal('static'), list: projectList.describe('The projects.') }),
  z.strictObject({
    source: z.literal('file'),
    path: z
      .string()
      .min(1)
      .describe('YAML or JSON file with a list of projects; watched, a bad edit keeps the old set.'),
  }),
  z
    .strictObject({ source: z.literal('claim') })
    .describe('Membership comes from issuer.projectsClaim; every UUID in it is a project.'),
  z.strictObject({
    source: z.literal('core'),
    url: httpUrl.describe('Base URL of the core API, asked as the service user.'),
    refreshSeconds: seconds(1, 3600).default(10).describe('Time between two questions for changes.'),
    clientId: token.optional().describe('Client id of the service user. Default: the gateway’s own.'),
    clientSecret: z.string().min(1).optional().describe('Its secret; both or neither.'),
    tokenParameters: z
      .record(z.string(), z.string())
      .default({})
      .describe('Further parameters of its token request, such as `audience` or `resource`.'),
  }),
])

/** Settings of the MLflow profile. */
export const mlflowSettings = z.strictObject({
  tenancy: z
    .enum(['workspace', 'instance'])
    .default('workspace')
    .describe('One MLflow with a workspace a project, or one MLflow a project.'),
  instances: z.record(uuid, httpUrl).default({}).describe('Upstream of each project where tenancy is `instance`.'),
  version: z
    .enum(['3.17', '3.18'])
    .default('3.18')
    .describe(
      'Minor release of the MLflow behind the route; its catalogue says what may pass, and what needs which role.',
    ),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(67_108_864)
    .default(4_194_304)
    .describe('Largest JSON body of the requests that are judged by content.'),
  maxTraceBytes: z
    .int()
    .min(1024)
    .max(268_435_456)
    .default(33_554_432)
    .describe('Largest export of traces over OTLP, as sent and once decompressed.'),
})

const route = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits and `-`')
    .describe('Name in logs, metrics and the assertion’s audience.'),
  app: z.enum(['mlflow', 'airflow', 'core', 'generic']).describe('What the gateway knows of the application.'),
  host: hostName
    .optional()
    .describe('Host of the route (with port when it is not the default). Absent: the host of publicUrl.'),
  path: routePath.describe('Path prefix, matched by whole segments.'),
  upstream: httpUrl.describe('Origin of the application.'),
  access: z.enum(['project', 'member', 'login', 'admin', 'public']).describe('Who may pass.'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .describe('Methods passed on. TRACE, TRACK and CONNECT never are.'),
  authorization: z
    .enum(['none', 'access-token', 'assertion'])
    .optional()
    .describe('What `Authorization` the upstream gets. Default: what the application needs.'),
  basicCredentials: z
    .boolean()
    .default(false)
    .describe('Accept `Authorization: Basic client_id:client_secret` and exchange it for a client-credentials token.'),
  webSockets: z.boolean().default(true).describe('Pass WebSocket upgrades on.'),
  answerSeconds: seconds(0, 86_400)
    .default(300)
    .describe('Longest wait for the first byte of the answer; 0: none. Streams have no total limit.'),
  connectSeconds: seconds(1, 60).default(5).describe('Longest wait for a connection to the upstream.'),
  title: z.string().max(80).optional().describe('Name on the portal. Default: the application’s.'),
  mlflow: mlflowSettings.optional().describe('Settings of the MLflow profile.'),
  airflow: z
    .strictObject({
      login: z
        .enum(['assertion', 'fab'])
        .default('assertion')
        .describe('`assertion`: the gateway’s auth manager; `fab`: Airflow logs in at the issuer by itself.'),
    })
    .optional()
    .describe('Settings of the Airflow profile.'),
})

/** Attempts of one address: an IPv4 address or an IPv6 /64, per process. */
const perMinute = z.int().min(1).max(1_000_000)

const limits = z.strictObject({
  headerBytes: z
    .int()
    .min(4096)
    .max(1_048_576)
    .default(65_536)
    .describe('Largest header section; more is answered 431.'),
  headerCount: z.int().min(20).max(2000).default(200).describe('Most header fields; more is answered 431.'),
  urlBytes: z.int().min(1024).max(65_536).default(16_384).describe('Longest request target; more is answered 414.'),
  headerSeconds: seconds(1, 300).default(15).describe('Longest time for a complete header section.'),
  bodyIdleSeconds: seconds(1, 3600).default(60).describe('Longest silence within a request body.'),
  answerIdleSeconds: seconds(1, 3600)
    .default(300)
    .describe(
      'Longest time in which a client takes nothing of an answer that waits for it. Kernels hide the first megabyte or so: a short time cuts slow clients too.',
    ),
  keepAliveSeconds: seconds(1, 3600)
    .default(75)
    .describe('How long an idle client connection is kept. Longer than the proxy in front keeps its own.'),
  upstreamIdleSeconds: seconds(1, 600)
    .default(4)
    .describe('How long an idle upstream connection is kept. Shorter than the upstream keeps its own.'),
  tokenOverrunSeconds: seconds(0, 604_800)
    .default(43_200)
    .describe(
      'How long an upload, a download or a stream goes on after the access token that admitted it expired. Zero: it is cut within half a minute, as WebSockets are.',
    ),
  upstreamConnections: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('Most connections to one upstream, per process.'),
  loginsPerMinute: perMinute
    .default(600)
    .describe('Login starts, and as many callbacks, from one address; more are answered 429.'),
  badTokensPerMinute: perMinute
    .default(300)
    .describe('Different bad bearer tokens from one address; then unknown ones are answered 429.'),
  badSecretsPerMinute: perMinute
    .default(60)
    .describe('Wrong Basic credentials from one address; then unproven ones are answered 429.'),
  badSecretsPerClientPerMinute: perMinute
    .default(30)
    .describe('Wrong Basic credentials for one client id; then unproven ones are answered 429.'),
})

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Least severity written.'),
  requests: z
    .enum(['all', 'refused', 'none'])
    .default('refused')
    .describe('Which requests get an audit line; administrators choosing a project always do.'),
})

export const configSchema = z.strictObject({
  server,
  issuer,
  session,
  cookie: cookie.prefault({}),
  access,
  projects,
  routes: z.array(route).min(1).describe('The applications. No route, no answer.'),
  cors: z
    .strictObject({
      allowedOrigins: z.array(origin).default([]).describe('Origins of user interfaces on other hosts.'),
    })
    .prefault({}),
  limits: limits.prefault({}),
  log: log.prefault({}),
})

export type Config = z.output<typeof configSchema>
export type RouteConfig = Config['routes'][number]
export type ProjectConfig = z.output<typeof project>

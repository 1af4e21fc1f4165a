import * as z from 'zod'
import { hostName, httpUrl, namespace, routePath, seconds, uuid } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'
import { tokenExchange } from './token-exchange.ts'

/** Settings of the MLflow profile. */
export const mlflowSettings = z.strictObject({
  tenancy: z
    .enum(['workspace', 'instance'])
    .default('workspace')
    .describe('One MLflow with a workspace per project, or one MLflow per project.'),
  instances: z.record(uuid, httpUrl).default({}).describe('Upstream of each project if tenancy is `instance`.'),
  namespaces: z
    .record(namespace, uuid)
    .default({})
    .describe(
      'UUID of the project of each Kubernetes namespace that clients send as MLflow’s workspace (`MLFLOW_TRACKING_AUTH=kubernetes-namespaced`). A namespace is a name and proves nothing: the caller must be a member of the project.',
    ),
  version: z
    .enum(['3.17', '3.18'])
    .default('3.18')
    .describe(
      'Minor release of the MLflow behind the route; selects the catalogue of allowed requests and required roles until the release is detected, and where it is not.',
    ),
  detectRelease: z
    .boolean()
    .default(true)
    .describe(
      'Ask MLflow for its release at the start and every minute, and use the catalogue of that release; of a release that the gateway does not know, the nearest one, with a warning. Not with tenancy `instance`.',
    ),
  webhooks: z
    .enum(['deny', 'allow'])
    .default('deny')
    .describe(
      'Whether administrators may create and change webhooks if tenancy is `workspace`. `allow` requires an MLflow with `MLFLOW_WEBHOOK_CACHE_TTL=0`: without it, MLflow also sends them the events of other projects.',
    ),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(67_108_864)
    .default(4_194_304)
    .describe('Maximum size of a JSON body that must be read to authorize the request, in bytes.'),
  maxTraceBytes: z
    .int()
    .min(1024)
    .max(268_435_456)
    .default(33_554_432)
    .describe('Maximum size of a trace export over OTLP, both compressed and decompressed, in bytes.'),
})

const airflowSettings = z.strictObject({
  login: z
    .enum(['assertion', 'fab'])
    .default('assertion')
    .describe('`assertion`: the auth manager of the gateway; `fab`: Airflow signs users in at the issuer itself.'),
  projectKey: z
    .enum(['id', 'name'])
    .default('id')
    .describe(
      'What Airflow’s teams and tags are named after, as `project_key` of the auth manager. Checks names only.',
    ),
  requestSecret: z
    .string()
    .optional()
    .describe(
      'A secret of at least 32 bytes, shared with `request_secret` of the auth manager: Airflow accepts each request once, and no assertion from another request. Use ${env:NAME} or ${file:PATH}.',
    ),
})

const route = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits and `-`, e.g. mlflow')
    .describe('Name in logs and metrics, and the audience of assertions.'),
  app: z
    .enum(['mlflow', 'airflow', 'core', 'generic'])
    .describe('Application profile: what the gateway knows of the application.'),
  host: hostName
    .optional()
    .describe('Host of the route, with the port if it is not the default one. Absent: the host of publicUrl.'),
  path: routePath.describe('Path prefix, matched by whole segments.'),
  upstream: httpUrl.describe('Origin of the application.'),
  access: z.enum(['project', 'member', 'login', 'admin', 'public']).describe('Who has access.'),
  acr: z
    .array(
      z
        .string()
        .regex(
          /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/,
          'expected an acr value without spaces, quotes or backslashes, e.g. gold',
        ),
    )
    .min(1)
    .max(10)
    .optional()
    .describe(
      'Authentication levels (`acr`) that the issuer must state for the user; any one of them suffices. Others are sent to the issuer to step up (`acr_values`, RFC 9470).',
    ),
  maxAgeSeconds: seconds(60, 2_592_000)
    .optional()
    .describe(
      'Maximum time since the user last authenticated at the issuer, in seconds. After that, users authenticate again (`max_age`, RFC 9470).',
    ),
  stepUpMachines: z
    .enum(['deny', 'allow'])
    .optional()
    .describe(
      'Whether machines (client credentials) have access to a route with `acr` or `maxAgeSeconds`, although they never authenticate as a user does. Default: `deny`.',
    ),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/, 'expected an HTTP method in capital letters, e.g. GET'))
    .default(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    .describe('Forwarded methods. TRACE, TRACK and CONNECT are never forwarded.'),
  pageBar: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether pages of MLflow and Airflow get a small menu with the project, the role and the other applications, and a notice when the session has ended.',
    ),
  authorization: z
    .enum(['none', 'access-token', 'assertion', 'exchanged-token'])
    .optional()
    .describe(
      '`Authorization` header sent to the upstream. Default: what the application needs. `exchanged-token`: a token for the upstream’s own audience, see routes[].tokenExchange.',
    ),
  tokenExchange: tokenExchange
    .optional()
    .describe('The token that the issuer exchanges the caller’s token for, if authorization is `exchanged-token`.'),
  credentials: z
    .enum(['authorization', 'proxy-authorization'])
    .default('authorization')
    .describe(
      'Request header with the credentials for the gateway. `proxy-authorization`: `Authorization` belongs to the upstream and is forwarded unchanged.',
    ),
  basicCredentials: z
    .boolean()
    .default(false)
    .describe('Accept `Authorization: Basic client_id:client_secret` and exchange it for a client-credentials token.'),
  webSockets: z.boolean().default(true).describe('Forward WebSocket upgrades.'),
  transfers: z
    .enum(['proxied', 'presigned', 'deny'])
    .default('proxied')
    .describe(
      'Artifacts of MLflow: `proxied`: through the gateway only; `presigned`: also by presigned URLs of the object store, each checked and logged; `deny`: no upload or download.',
    ),
  presignedSeconds: seconds(1, 86_400)
    .default(3600)
    .describe('Maximum lifetime of a presigned URL, in seconds. A URL that lives longer is not handed out.'),
  responseSeconds: seconds(0, 86_400)
    .default(300)
    .describe(
      'Timeout until the first byte of the response, in seconds; 0: none. A response that streams has no total limit.',
    )
    .register(metadata, { renamed: { from: 'answerSeconds', removedIn: '0.3.0' } }),
  connectSeconds: seconds(1, 60).default(5).describe('Timeout of a connection to the upstream, in seconds.'),
  title: z.string().max(80).optional().describe('Name on the portal. Default: the name of the application.'),
  mlflow: mlflowSettings.optional().describe('Settings of the MLflow profile.'),
  airflow: airflowSettings.optional().describe('Settings of the Airflow profile.'),
})

export const routes = z
  .array(route)
  .min(1)
  .describe('The applications behind the gateway.')
  .register(metadata, { reload: 'reload' })

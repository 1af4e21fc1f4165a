import * as z from 'zod'
import { filePath, httpUrl, seconds, token } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'
import { claimName, claimRule, SUBJECT_CLAIMS } from './claim-rules.ts'
import { clientAuthentication } from './client-authentication.ts'

const additionalIssuer = z.strictObject({
  url: httpUrl.describe('Issuer identifier, exactly as in the `iss` claim of its tokens.'),
  audiences: z.array(token).min(1).describe('Audiences accepted in its tokens.'),
  jwksUrl: httpUrl.optional().describe('URL of its keys (JWKS). Default: `jwks_uri` of its metadata.'),
  jwksFile: filePath
    .optional()
    .describe('File with its keys (JWKS), for an issuer that cannot be reached. It is read again when it changes.'),
  accessTokenTypes: z
    .array(token)
    .default([])
    .describe('Types of its access tokens, as in issuer.accessTokenTypes. Empty: they have no type (Kubernetes).'),
  principals: z
    .enum(['machine', 'person'])
    .default('machine')
    .describe('Whether its tokens represent machines or people.'),
  groupsClaim: z.string().min(1).optional().describe('Claim that lists the groups. Absent: its tokens have no groups.'),
  groups: z
    .record(z.string().min(1), z.array(z.string().min(1)))
    .default({})
    .describe('Groups of its subjects, by `sub`.'),
  rules: z
    .array(claimRule)
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Rules over the claims of its tokens. Each that matches makes the caller a member of one project. With rules, a token that none of them matches, and whose subject has no groups, is denied everywhere.',
    ),
  subjectClaims: z
    .array(claimName)
    .min(1)
    .default(SUBJECT_CLAIMS)
    .describe('Claims that identify a workload. Each rule must give one of them an exact value.'),
})

export const issuer = z
  .strictObject({
    // Sessions belong to their issuer, refresh tokens to their client (RFC 6749 §6).
    url: httpUrl
      .describe('Issuer identifier; its discovery metadata must contain exactly this value (OIDC Discovery §4.3).')
      .register(metadata, { reload: 'restart' }),
    clientId: token.describe('Client ID of the gateway at the issuer.').register(metadata, { reload: 'restart' }),
    ...clientAuthentication,
    scopes: z
      .array(token)
      .default(['openid', 'profile', 'email'])
      .describe('Scopes requested at sign-in; `openid` is always included.'),
    groupsClaim: z
      .string()
      .min(1)
      .default('groups')
      .describe(
        'Claim with the groups: a list of strings, or one string. A dot leads into an object: `realm_access.roles`.',
      ),
    groups: z
      .strictObject({
        claim: z.string().min(1).optional().describe('The same as issuer.groupsClaim; set one of the two.'),
        normalize: z
          .enum(['none', 'keycloak-path'])
          .default('none')
          .describe(
            '`keycloak-path`: a group path such as `/project-alpha` or `/teams/alpha` loses its leading slash, as Keycloak writes it with "Full group path" on.',
          ),
        prefix: z.string().default('').describe('Only groups that start with this text count. Empty: all groups.'),
      })
      .prefault({})
      .describe('How groups are read from the claim.'),
    projectsClaim: z
      .string()
      .min(1)
      .default('project_ids')
      .describe('Claim that lists project UUIDs; read if projects.source is `claim`.'),
    usernameClaim: z
      .string()
      .min(1)
      .default('preferred_username')
      .describe('Claim shown as the user’s name; never used as an identity.'),
    audiences: z
      .array(token)
      .min(1)
      .optional()
      .describe('Audiences accepted in bearer tokens. Default: the client ID.'),
    resource: z
      .string()
      .regex(/^[a-z][a-z0-9+.-]*:[^\s#]+$/i, 'expected an absolute URI without fragment, e.g. https://o.example')
      .optional()
      .describe(
        'What the tokens of the gateway are for (`resource`, RFC 8707): sent at sign-in, at every refresh, and with the client credentials of service users. Also accepted as an audience. Absent: not sent.',
      ),
    routeAudiences: z
      .boolean()
      .default(false)
      .describe(
        'Accept access tokens whose audience is server.publicUrl, or the URL of the route of the request, as clients request them that read /.well-known/oauth-protected-resource.',
      ),
    algorithms: z
      .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .describe('Signature algorithms accepted in ID tokens and bearer tokens.'),
    accessTokenTypes: z
      .array(token)
      .min(1)
      .default(['at+jwt', 'Bearer'])
      .describe('Accepted types of access tokens: the `typ` header (RFC 9068) or the `typ` claim (Keycloak: Bearer).'),
    introspection: z
      .union([z.boolean(), z.literal('all')], { error: 'expected true, false or all' })
      .default(false)
      .describe(
        'Which bearer tokens the gateway introspects at the issuer (RFC 7662). `true`: those that are no JWTs. `all`: also the JWTs of issuer.url, so that a revoked token or a disabled user is refused before the token expires.',
      ),
    introspectionSeconds: seconds(0, 300)
      .default(30)
      .describe(
        'How long a response of the introspection is used, in seconds. With `introspection: all` also the longest use of one token for Basic credentials.',
      ),
    basicTokenParameters: z
      .record(z.string(), z.string())
      .default({})
      .describe('Additional parameters of the token requests for Basic credentials, such as `audience` or `resource`.'),
    additional: z
      .array(additionalIssuer)
      .default([])
      .describe('Additional issuers whose access tokens are accepted, e.g. for Kubernetes service accounts.'),
    authorizationParameters: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe(
        'Additional parameters of the authorization request at sign-in in the browser, such as `kc_idp_hint` (Keycloak) or `domain_hint` (Entra ID).',
      ),
    requirePkce: z
      .boolean()
      .default(true)
      .describe('Reject an issuer whose metadata does not announce PKCE S256. The gateway sends PKCE in any case.'),
    timeoutSeconds: seconds(1, 60).default(8).describe('Timeout of one request to the issuer, in seconds.'),
    probeSeconds: seconds(1, 3600)
      .default(30)
      .describe(
        'How often the gateway checks that the issuer responds, in seconds, on average and in each process. Its own requests to the issuer count as checks.',
      ),
    clockSkewSeconds: seconds(0, 300)
      .default(60)
      .describe('Tolerated clock difference when the times in a token are verified, in seconds.'),
    maxAgeSeconds: seconds(1, 31_536_000)
      .optional()
      .describe(
        'Maximum time since the user last authenticated at the issuer, in seconds; requested and verified (`max_age`).',
      ),
    cliClientId: token
      .optional()
      .describe('Public client for sign-in at a terminal; published at /auth/client-config. Absent: no such sign-in.'),
    cliScopes: z
      .array(token)
      .default(['openid', 'profile', 'email', 'offline_access'])
      .describe(
        'Scopes of a sign-in at a terminal; without `offline_access` it may end with the session at the issuer.',
      ),
  })
  .register(metadata, { reload: 'reload' })

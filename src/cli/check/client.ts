import { ClientSecretBasic } from 'openid-client'
import type { Config } from '../../gateway/config/schema.ts'
import {
  buildClientAuthentication,
  type ClientAuthentication,
} from '../../gateway/issuer/client/client-authentication.ts'
import { clientFileErrors } from '../../gateway/issuer/client/client-files.ts'
import { clockAdvice, secondsAhead } from '../../gateway/issuer/client/clock-difference.ts'
import { systemClock } from '../../shared/clock.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import type { Endpoints } from './endpoints.ts'
import { parseJson, probe } from './probe.ts'

interface Client {
  readonly id: string
  /** Key of the configuration that a wrong proof is an error of. */
  readonly credential: string
  readonly authentication: ClientAuthentication
}

/** Where a proof that the issuer rejects comes from. */
const CREDENTIALS: Readonly<Record<Config['issuer']['clientAuthentication'], string>> = {
  client_secret_basic: 'issuer.clientSecret',
  client_secret_post: 'issuer.clientSecret',
  private_key_jwt: 'issuer.clientKeys',
  tls_client_auth: 'issuer.clientCertificate',
  jwt_file: 'issuer.clientAssertion',
}

/**
 * Whether the issuer knows the client and accepts its proof: a code that was never issued is exchanged. An issuer
 * authenticates the client first, so `invalid_grant` means that the proof is right (RFC 6749 §5.2).
 * @throws Unreachable
 */
export async function clientErrors(endpoints: Endpoints, config: Config): Promise<CheckError[]> {
  const { issuer, server } = config
  const files = await clientFileErrors(issuer, systemClock)
  if (files.length > 0) return files.map(({ path, expected, got, hint }) => ({ path, expected, got, hint }))
  const client: Client = {
    id: issuer.clientId,
    credential: CREDENTIALS[issuer.clientAuthentication],
    authentication: buildClientAuthentication(issuer, systemClock),
  }
  const outcome = await requestToken(endpoints, client, {
    grant_type: 'authorization_code',
    code: 'check-of-the-configuration',
    redirect_uri: `${server.publicUrl}/auth/callback`,
    code_verifier: 'check-of-the-configuration-check-of-the-configuration',
  })
  const gateway = outcomeErrors(outcome, {
    ...{ credential: client.credential, id: 'issuer.clientId', flow: 'the authorization code flow' },
  })
  return [...gateway, ...(await serviceUserErrors(endpoints, client, config))]
}

/** The service user for the core API, where it is a client of its own, or the gateway's client in another flow. */
async function serviceUserErrors(endpoints: Endpoints, gateway: Client, { projects }: Config): Promise<CheckError[]> {
  if (projects.source !== 'core') return []
  const { clientId: id, clientSecret = '' } = projects
  const own = id === undefined ? undefined : { id, ...serviceUserProof(clientSecret) }
  const client = own ?? gateway
  const outcome = await requestToken(endpoints, client, {
    grant_type: 'client_credentials',
    ...projects.tokenParameters,
  })
  // Without a client of its own, a wrong proof is reported as the gateway's already.
  if (outcome.kind === 'not-authenticated' && !own) return []
  const section = own ? 'projects' : 'issuer'
  return outcomeErrors(outcome, {
    ...{ credential: client.credential, id: `${section}.clientId`, flow: 'the client credentials flow' },
  })
}

const serviceUserProof = (secret: string) => ({
  credential: 'projects.clientSecret',
  authentication: { authenticate: ClientSecretBasic(secret) },
})

type Outcome = {
  readonly kind: 'authenticated' | 'not-authenticated' | 'flow-not-allowed' | 'failed'
  readonly detail: string
  /** Seconds by which the issuer's clock is ahead. */
  readonly ahead?: number | undefined
}

async function requestToken(
  endpoints: Endpoints,
  client: Client,
  parameters: Record<string, string>,
): Promise<Outcome> {
  const { issuer, tokenEndpoint, mtlsTokenEndpoint } = endpoints
  const { authenticate, certificate } = client.authentication
  const clientCertificate = await certificate?.()
  const body = new URLSearchParams(parameters)
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' })
  await authenticate({ issuer }, { client_id: client.id }, body, headers)
  const response = await probe((certificate && mtlsTokenEndpoint) ?? tokenEndpoint, {
    ...{ method: 'POST', headers: Object.fromEntries(headers), body: body.toString(), clientCertificate },
  })
  const { error } = parseJson(response.text)
  return { ...outcomeOf(response.status, error), ahead: secondsAhead(response.headers.date, Date.now()) }
}

/** Keycloak reports a wrong secret as `unauthorized_client` with 401, a flow that is not allowed with 400. */
function outcomeOf(status: number, error: unknown): Outcome {
  const detail = typeof error === 'string' ? `${error} (status ${status})` : `status ${status}`
  if (error === 'invalid_client' || status === 401) return { kind: 'not-authenticated', detail }
  if (error === 'unauthorized_client' || error === 'unsupported_grant_type') return { kind: 'flow-not-allowed', detail }
  const isAuthenticated = status === 200 || (status === 400 && typeof error === 'string')
  return { kind: isAuthenticated ? 'authenticated' : 'failed', detail }
}

function outcomeErrors(outcome: Outcome, at: { credential: string; id: string; flow: string }): CheckError[] {
  const { kind, detail } = outcome
  switch (kind) {
    case 'authenticated':
      return []
    case 'not-authenticated':
      return [
        {
          path: at.credential,
          expected: `${at.credential.endsWith('Secret') ? 'the secret' : 'a proof'} of the client ${at.id} names`,
          got: `${detail} from the token endpoint`,
          hint: hintFor(at.credential, outcome),
        },
      ]
    case 'flow-not-allowed':
      return [
        {
          path: at.id,
          expected: `a client that may use ${at.flow}`,
          got: `${detail} from the token endpoint`,
          hint: 'Allow it in the settings of the client at the issuer.',
        },
      ]
    default: {
      const hint = 'Check the log of the issuer.'
      return [{ path: 'issuer.url', expected: 'a working token endpoint', got: detail, hint }]
    }
  }
}

const WRONG_PROOF: Readonly<Record<string, string>> = {
  'issuer.clientKeys':
    'Check at the issuer that the client uses a signed JWT, and that it has this public key: /auth/client-jwks.json of the gateway, which must run if the issuer reads it from there. Compare `kid` and algorithm.',
  'issuer.clientCertificate':
    'Check at the issuer that the client uses a certificate (X.509), which subject it expects, and that it trusts the authority of the certificate.',
  'issuer.clientAssertion':
    'Check at the issuer that it trusts the issuer of this JWT, and which subject and audience it expects. See docs/guides/issuers/without-a-secret.md.',
}

function hintFor(credential: string, { ahead }: Outcome): string {
  const otherwise = 'Copy client ID and secret from the issuer. Check issuer.clientAuthentication as well.'
  const signed = credential === 'issuer.clientKeys' || credential === 'issuer.clientAssertion'
  const clock = signed ? clockAdvice(ahead) : undefined
  const proof = WRONG_PROOF[credential] ?? otherwise
  // A known difference is the cause; an unknown one is a possibility.
  return ahead === undefined && clock ? `${proof} ${clock}` : (clock ?? proof)
}

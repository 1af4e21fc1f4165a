import type { Config } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import type { Endpoints } from './endpoints.ts'
import { parseJson, probe } from './probe.ts'

interface Client {
  readonly id: string
  readonly secret: string
  readonly authentication: Config['issuer']['clientAuthentication']
}

/**
 * Whether the issuer knows the client and its secret: a code that was never issued is exchanged. An issuer authenticates
 * the client first, so `invalid_grant` means that the secret is right (RFC 6749 §5.2).
 * @throws Unreachable
 */
export async function clientErrors({ tokenEndpoint }: Endpoints, config: Config): Promise<CheckError[]> {
  const { issuer, server } = config
  const client = { id: issuer.clientId, secret: issuer.clientSecret, authentication: issuer.clientAuthentication }
  const outcome = await requestToken(tokenEndpoint, client, {
    grant_type: 'authorization_code',
    code: 'check-of-the-configuration',
    redirect_uri: `${server.publicUrl}/auth/callback`,
    code_verifier: 'check-of-the-configuration-check-of-the-configuration',
  })
  const gateway = outcomeErrors(outcome, {
    secret: 'issuer.clientSecret',
    id: 'issuer.clientId',
    flow: 'the authorization code flow',
  })
  return [...gateway, ...(await serviceUserErrors(tokenEndpoint, config))]
}

/** The service user for the core API, where it is a client of its own, or the gateway's client in another flow. */
async function serviceUserErrors(tokenEndpoint: string, { issuer, projects }: Config): Promise<CheckError[]> {
  if (projects.source !== 'core') return []
  const own = projects.clientId !== undefined
  const { clientId: id = issuer.clientId, clientSecret: secret = issuer.clientSecret } = projects
  const client = { id, secret, authentication: issuer.clientAuthentication }
  const outcome = await requestToken(tokenEndpoint, client, {
    grant_type: 'client_credentials',
    ...projects.tokenParameters,
  })
  const section = own ? 'projects' : 'issuer'
  // Without a client of its own, a wrong secret is reported as the gateway's already.
  if (outcome.kind === 'not-authenticated' && !own) return []
  return outcomeErrors(outcome, {
    secret: `${section}.clientSecret`,
    id: `${section}.clientId`,
    flow: 'the client credentials flow',
  })
}

type Outcome = {
  readonly kind: 'authenticated' | 'not-authenticated' | 'flow-not-allowed' | 'failed'
  readonly detail: string
}

async function requestToken(endpoint: string, client: Client, parameters: Record<string, string>): Promise<Outcome> {
  const { status, text } = await probe(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(client.authentication === 'client_secret_basic' && { authorization: basic(client) }),
    },
    body: new URLSearchParams({
      ...parameters,
      ...(client.authentication === 'client_secret_post' && { client_id: client.id, client_secret: client.secret }),
    }).toString(),
  })
  return outcomeOf(status, parseJson(text).error)
}

/** Keycloak reports a wrong secret as `unauthorized_client` with 401, a flow that is not allowed with 400. */
function outcomeOf(status: number, error: unknown): Outcome {
  const detail = typeof error === 'string' ? `${error} (status ${status})` : `status ${status}`
  if (error === 'invalid_client' || status === 401) return { kind: 'not-authenticated', detail }
  if (error === 'unauthorized_client' || error === 'unsupported_grant_type') return { kind: 'flow-not-allowed', detail }
  const isAuthenticated = status === 200 || (status === 400 && typeof error === 'string')
  return { kind: isAuthenticated ? 'authenticated' : 'failed', detail }
}

/** RFC 6749 §2.3.1: both parts are form-encoded first. */
function basic({ id, secret }: Client): string {
  const encode = (text: string) => new URLSearchParams({ text }).toString().slice('text='.length)
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`
}

function outcomeErrors({ kind, detail }: Outcome, at: { secret: string; id: string; flow: string }): CheckError[] {
  switch (kind) {
    case 'authenticated':
      return []
    case 'not-authenticated':
      return [
        {
          path: at.secret,
          expected: `the secret of the client ${at.id} names`,
          got: `${detail} from the token endpoint`,
          hint: 'Copy client ID and secret from the issuer. Check issuer.clientAuthentication as well.',
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

import type { ClientMetadata } from 'oidc-provider'
import { EXCHANGE_GRANT } from './token-exchange.ts'

export const GATEWAY_CLIENT = { id: 'gateway', secret: 'gateway-secret' } as const
/** Airflow with FAB is a relying party of its own at the same issuer. */
export const AIRFLOW_CLIENT = { id: 'airflow', secret: 'airflow-secret' } as const
export const CI_CLIENT = { id: 'ci-service', secret: 'ci-service-secret' } as const
export const CLI_CLIENT = { id: 'cli' } as const
export const JUPYTERHUB_CLIENT = { id: 'jupyterhub', secret: 'jupyterhub-secret' } as const

/** Groups of clients with client credentials. */
export const SERVICE_GROUPS: Readonly<Record<string, readonly string[]>> = { [CI_CLIENT.id]: ['project-alpha'] }

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/**
 * The clients, as in `infra/keycloak/shared-realm.json`, and a JupyterHub.
 * @param gatewayUrls Origins of the gateway. Empty: any loopback port, for gateways that choose theirs later (RFC 8252 §7.3).
 */
export function clients(gatewayUrls: readonly string[], backchannelLogoutUrl: string | undefined): ClientMetadata[] {
  const origins = gatewayUrls.length > 0 ? gatewayUrls : ['http://127.0.0.1', 'http://localhost']
  return [
    {
      client_id: GATEWAY_CLIENT.id,
      client_secret: GATEWAY_CLIENT.secret,
      client_name: 'ModelOps gateway',
      application_type: gatewayUrls.length > 0 ? 'web' : 'native',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE_GRANT],
      redirect_uris: origins.map((origin) => `${origin}/auth/callback`),
      post_logout_redirect_uris: origins.map((origin) => `${origin}/auth/signed-out`),
      ...(backchannelLogoutUrl !== undefined && {
        backchannel_logout_uri: backchannelLogoutUrl,
        backchannel_logout_session_required: true,
      }),
    },
    {
      client_id: AIRFLOW_CLIENT.id,
      client_secret: AIRFLOW_CLIENT.secret,
      client_name: 'Airflow',
      application_type: gatewayUrls.length > 0 ? 'web' : 'native',
      redirect_uris: origins.map((origin) => `${origin}/airflow/auth/oauth-authorized/keycloak`),
    },
    {
      client_id: CI_CLIENT.id,
      client_secret: CI_CLIENT.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: JUPYTERHUB_CLIENT.id,
      client_secret: JUPYTERHUB_CLIENT.secret,
      client_name: 'JupyterHub',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/hub/oauth_callback'],
    },
    {
      client_id: CLI_CLIENT.id,
      client_name: 'Command line',
      application_type: 'native',
      grant_types: [DEVICE_GRANT, 'authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
    },
  ]
}

import { type InitAnswers, realmOf } from './answers.ts'
import type { KeycloakClient } from './client-proof.ts'

/** ID of the public client for the command line in the realm. */
export const CLI_CLIENT_ID = 'modelops-cli'

/** Adds the groups with their full path, and the audience of the gateway, to the tokens of a client. */
function mappers(gatewayClientId: string): object[] {
  const both = { 'access.token.claim': 'true', 'introspection.token.claim': 'true' }
  return [
    {
      name: 'groups',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-group-membership-mapper',
      config: {
        'claim.name': 'groups',
        'full.path': 'true',
        'id.token.claim': 'true',
        'userinfo.token.claim': 'true',
        ...both,
      },
    },
    {
      name: 'audience',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': gatewayClientId, 'id.token.claim': 'false', ...both },
    },
  ]
}

/**
 * A realm file for Keycloak: the clients of the gateway and of the command line, and the groups. Each client has mappers
 * of its own, because a realm file with client scopes lacks Keycloak's own scopes, and a partial import has none at all.
 */
/** @param client What the gateway's client has to recognize it by, from `client-proof.ts`. */
export function keycloakRealm(answers: InitAnswers, client: KeycloakClient): object {
  const { publicUrl, clientId, projects, adminGroup } = answers
  const groups = [...new Set([adminGroup, ...projects.map(({ group }) => group)])]
  const protocolMappers = mappers(clientId)
  return {
    realm: realmOf(answers.issuer),
    enabled: true,
    groups: groups.map((name) => ({ name, path: `/${name}` })),
    clients: [
      {
        clientId,
        name: 'modelops-gateway',
        publicClient: false,
        ...client.fields,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: [`${publicUrl}/auth/callback`],
        attributes: {
          'pkce.code.challenge.method': 'S256',
          'post.logout.redirect.uris': `${publicUrl}/auth/signed-out`,
          'backchannel.logout.url': `${publicUrl}/auth/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
          ...client.attributes,
        },
        protocolMappers,
      },
      {
        clientId: CLI_CLIENT_ID,
        name: 'modelops-gateway command line',
        publicClient: true,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: false,
        redirectUris: ['http://127.0.0.1/callback'],
        attributes: {
          'oauth2.device.authorization.grant.enabled': 'true',
          'pkce.code.challenge.method': 'S256',
        },
        protocolMappers,
      },
    ],
  }
}

import { isLoopback } from '../../shared/loopback.ts'
import type { InitAnswers } from './answers.ts'
import { CLI_CLIENT_ID } from './keycloak-realm.ts'

export interface GatewayFileFacts {
  /** Lines of the section `issuer`: how the gateway proves who it is. */
  readonly clientLines: readonly string[]
  readonly sessionSecret: string
  readonly scopes: readonly string[]
  /** Minor release of the MLflow behind the gateway, where it is not the default. */
  readonly mlflowVersion?: string
}

/** `gateway.yaml`. Strings are written as JSON, which YAML reads. */
export function gatewayFile(answers: InitAnswers, facts: GatewayFileFacts): string {
  const { issuer, issuerKind, clientId, publicUrl, adminGroup } = answers
  const text = (value: string) => JSON.stringify(value)
  return `# Written by: modelops-gateway init. All keys: docs/reference/configuration.md
server:
${serverLines(publicUrl).join('\n')}
issuer:
  url: ${text(issuer)}
  clientId: ${text(clientId)}
${facts.clientLines.map((line) => `  ${line}`).join('\n')}
  scopes: [${facts.scopes.map(text).join(', ')}]
  audiences: [${text(clientId)}]
  groups: { claim: groups, normalize: ${issuerKind === 'keycloak' ? 'keycloak-path' : 'none'} }
${issuerKind === 'keycloak' ? `  cliClientId: ${CLI_CLIENT_ID}\n` : ''}session:
  secrets: [${text(facts.sessionSecret)}]
  store: sqlite:sessions.db
access:
  adminGroup: ${text(adminGroup)}
projects:
  source: file
  path: projects.yaml
routes:
${routeLines(answers, facts).join('\n')}
`
}

/** A loopback address without a proxy for trying out; otherwise behind a proxy on the same machine. */
function serverLines(publicUrl: string): string[] {
  const { protocol, hostname, port } = new URL(publicUrl)
  const isDirect = protocol === 'http:' && isLoopback(hostname)
  return [
    `  listen: 127.0.0.1:${isDirect ? port || 80 : 4180}`,
    `  publicUrl: ${JSON.stringify(publicUrl)}`,
    ...(isDirect ? [] : ['  trustedProxies: [127.0.0.1/32] # the proxy that terminates TLS']),
  ]
}

function routeLines({ mlflow, airflow }: InitAnswers, { mlflowVersion }: GatewayFileFacts): string[] {
  const version = mlflowVersion === undefined ? '' : `, mlflow: { version: "${mlflowVersion}" }`
  const route = (app: string, upstream: string, access: string, more = '') =>
    `  - { name: ${app}, app: ${app}, path: /${app}, upstream: ${JSON.stringify(upstream)}, access: ${access}${more} }`
  return [
    ...(mlflow === undefined ? [] : [route('mlflow', mlflow, 'project', version)]),
    ...(airflow === undefined ? [] : [route('airflow', airflow, 'member')]),
  ]
}

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | object
}

/** `PATH`, or `METHOD PATH`, and what responds there; anything else is 404. */
export type Replies = Readonly<Record<string, Reply | ((request: IncomingMessage, body: string) => Reply)>>

/** A server on loopback that responds from a table. Resolves to its origin. */
export async function startFake(t: TestContext, replies: (origin: string) => Replies): Promise<string> {
  let origin = ''
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname } = new URL(request.url ?? '/', origin)
    const table = replies(origin)
    const found = table[`${request.method} ${pathname}`] ?? table[pathname] ?? { status: 404, body: 'not found' }
    const {
      status = 200,
      headers = {},
      body = '',
    } = typeof found === 'function' ? found(request, Buffer.concat(chunks).toString()) : found
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return origin
}

/** A port that nobody listens on. */
export const NOBODY = 'http://127.0.0.1:1'

export interface Parts {
  readonly issuer?: object
  readonly session?: object
  readonly projects?: object
  readonly routes?: readonly object[]
  readonly audit?: object
  readonly observability?: object
}

export const PUBLIC_URL = 'https://o.example'
const SECRETS = ['a-secret-of-the-tests-with-32-bytes-or-more']

export function configOf({ issuer, session, projects, routes, ...sections }: Parts): Config {
  const raw = {
    server: { publicUrl: PUBLIC_URL },
    issuer: { url: NOBODY, clientId: 'gateway', clientSecret: 'the-client-secret', ...issuer },
    session: { secrets: SECRETS, ...session },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim', ...projects },
    routes: routes ?? [{ name: 'app', app: 'generic', path: '/app', upstream: NOBODY, access: 'login' }],
    ...sections,
  }
  return parseConfig(JSON.stringify(raw), 'check.yaml', {})
}

/** As Keycloak responds, version 26. */
export const keycloak = (origin: string): Record<string, Replies[string]> => ({
  '/.well-known/openid-configuration': {
    body: {
      issuer: origin,
      authorization_endpoint: `${origin}/auth`,
      token_endpoint: `${origin}/token`,
      jwks_uri: `${origin}/certs`,
      code_challenge_methods_supported: ['plain', 'S256'],
      scopes_supported: ['openid', 'profile', 'email', 'roles', 'groups'],
      claims_supported: ['iss', 'sub', 'name', 'groups', 'email'],
    },
  },
  'POST /token': { status: 400, body: { error: 'invalid_grant', error_description: 'Code not valid' } },
  '/auth': (request) => {
    const redirect = new URL(new URL(request.url ?? '/', origin).searchParams.get('redirect_uri') ?? '')
    redirect.searchParams.set('error', 'login_required')
    return { status: 302, headers: { location: redirect.href } }
  },
})

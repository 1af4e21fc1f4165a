import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { issuerMetadata } from '../issuer-metadata.ts'
import { createKeys, type Keys } from './keys.ts'
import {
  type Endpoint,
  type Grant,
  type Instance,
  type Json,
  type Misbehaviour,
  RawResponse,
  STALLS,
  type TokenMisbehaviour,
} from './misbehaviour.ts'
import { ACCESS_TOKEN, idToken, REFRESH_TOKEN, SUBJECT } from './tokens.ts'

/**
 * One server with an issuer for each run of a misbehaviour: the path of its URL, `/NAME/RUN`, says which. What the
 * misbehaviour does not mention is done right: discovery, keys, authorization code flow with PKCE, refresh, userinfo,
 * introspection and RP-initiated logout.
 */
export interface MisbehavingIssuer {
  /** A new run. @param name Part of its URL. @param clock Milliseconds since the epoch. */
  run(name: string, misbehaviour: Misbehaviour, clock?: () => number): Instance
  close(): Promise<void>
}

interface Run {
  readonly at: Instance
  readonly bent: Misbehaviour
  readonly grants: Map<string, Grant>
}

let keys: Promise<Keys> | undefined

export async function startMisbehavingIssuer(): Promise<MisbehavingIssuer> {
  keys ??= createKeys()
  const all = await keys
  const runs = new Map<string, Run>()
  const server = createServer((request, response) => {
    respond(runs, request, response).catch((error: Error) => response.destroy(error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    run(name, bent, clock = Date.now) {
      const path = `/${name}/${runs.size}`
      const at = {
        url: origin + path,
        clientId: 'gateway',
        secret: 'se cret+:%of the gateway',
        keys: all,
        requests: noRequests(),
        authorization: undefined,
        userinfoAuthorization: undefined,
        now: () => Math.floor(clock() / 1000),
      }
      runs.set(path, { at, bent, grants: new Map() })
      return at
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const noRequests = (): Record<Endpoint, number> => ({
  discovery: 0,
  jwks: 0,
  authorize: 0,
  token: 0,
  refresh: 0,
  userinfo: 0,
  introspect: 0,
  logout: 0,
  moved: 0,
})

async function respond(runs: ReadonlyMap<string, Run>, request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://issuer')
  const [, path = '', rest = ''] = /^(\/[^/]+\/\d+)(\/.*)$/.exec(pathname) ?? []
  const run = runs.get(path)
  const { authorization } = request.headers
  if (run !== undefined && rest === '/token') run.at.authorization = authorization
  if (run !== undefined && rest === '/userinfo') run.at.userinfoAuthorization = authorization
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = new URLSearchParams(Buffer.concat(chunks).toString())
  const body = run === undefined ? NOT_FOUND : await route(run, rest, request.method === 'POST' ? form : searchParams)
  send(response, body)
}

const NOT_FOUND = new RawResponse(404, 'nothing here', { 'content-type': 'text/plain' })
const redirect = (to: URL) => new RawResponse(303, '', { location: to.href })

function send(response: ServerResponse, body: Json | RawResponse): void {
  if (!(body instanceof RawResponse)) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  } else if (body.body !== undefined) {
    response.writeHead(body.status, { 'content-type': 'application/json', ...body.headers })
    if (body === STALLS) response.write(body.body)
    else response.end(body.body)
  }
}

async function route(run: Run, path: string, fields: URLSearchParams): Promise<Json | RawResponse> {
  const { at, bent } = run
  const asked = (endpoint: Endpoint) => {
    at.requests[endpoint] += 1
  }
  switch (path) {
    case '/.well-known/openid-configuration':
      asked('discovery')
      return bent.metadata?.(metadata(at.url), at) ?? metadata(at.url)
    case '/jwks':
    case '/jwks-elsewhere': {
      asked('jwks')
      const right = { keys: [at.keys.first.jwk] }
      return bent.jwks?.(right, at) ?? right
    }
    case '/authorize':
      asked('authorize')
      return redirect(authorize(run, fields))
    case '/token': {
      const isRefresh = fields.get('grant_type') === 'refresh_token'
      asked(isRefresh ? 'refresh' : 'token')
      return isRefresh ? tokens(at, bent.onRefresh ?? {}, NO_NONCE) : redeem(run, fields)
    }
    case '/userinfo': {
      asked('userinfo')
      const right = { sub: SUBJECT, groups: ['project-beta'] }
      return bent.userinfo?.(right, at) ?? right
    }
    case '/introspect':
      asked('introspect')
      return bent.introspection?.({ active: false }, at) ?? { active: false }
    case '/logout': {
      asked('logout')
      const to = new URL(fields.get('post_logout_redirect_uri') ?? '')
      const state = fields.get('state')
      if (state !== null) to.searchParams.set('state', state)
      bent.endSession?.(to, at)
      return redirect(to)
    }
    default:
      asked('moved')
      return NOT_FOUND
  }
}

const NO_NONCE: Grant = { nonce: '', challenge: '' }

function authorize({ at, bent, grants }: Run, sent: URLSearchParams): URL {
  const code = `code-${grants.size}-of-the-tests`
  grants.set(code, { nonce: sent.get('nonce') ?? '', challenge: sent.get('code_challenge') ?? '' })
  const response = new URLSearchParams({ code, state: sent.get('state') ?? '', iss: at.url })
  bent.authorization?.(response, at)
  const callback = new URL(sent.get('redirect_uri') ?? '')
  callback.search = response.toString()
  return callback
}

/** A code is good once, and for the browser flow that requested it. */
async function redeem({ at, bent, grants }: Run, form: URLSearchParams): Promise<Json | RawResponse> {
  const code = form.get('code') ?? ''
  const grant = grants.get(code)
  grants.delete(code)
  const verifier = form.get('code_verifier') ?? ''
  const isRight = grant?.challenge === createHash('sha256').update(verifier).digest('base64url')
  if (grant === undefined || !isRight) return new RawResponse(400, JSON.stringify({ error: 'invalid_grant' }))
  return tokens(at, bent, grant)
}

async function tokens(at: Instance, bent: TokenMisbehaviour, grant: Grant): Promise<Json | RawResponse> {
  const right = {
    access_token: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: REFRESH_TOKEN,
    id_token: await idToken(at, bent, grant),
  }
  return bent.token?.(right, at) ?? right
}

const metadata = (url: string): Json => ({
  ...issuerMetadata(url),
  id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
  frontchannel_logout_supported: true,
  frontchannel_logout_session_supported: true,
})

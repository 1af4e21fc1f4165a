import { createHash, type KeyObject, type webcrypto } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { issuerMetadata } from '../../../issuer-metadata.ts'

type SigningKey = webcrypto.CryptoKey | KeyObject | Uint8Array

export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** Text is sent as it is, everything else as JSON. */
  readonly body: unknown
}

/** What an issued code stands for. */
export interface IssuedCode {
  readonly nonce: string
  readonly challenge: string
  readonly redirectUri: string
}

/** The parts of a token answer that a test may bend. */
export interface Bent {
  metadata: Record<string, unknown>
  /** Claims laid over the right ones; undefined removes one. */
  claims: Record<string, unknown>
  header: Record<string, unknown>
  /** Signs the ID token instead of the issuer. */
  sign: ((claims: Record<string, unknown>) => Promise<string> | string) | undefined
  jwks: { keys: JWK[] } | Answer | undefined
  /** Given the right answer, gives what is sent. */
  token: ((right: Record<string, unknown>) => Answer | Promise<Answer>) | undefined
  userinfo: Answer | undefined
  /** What the introspection endpoint says of a token. */
  introspection: ((token: string) => Answer | Promise<Answer>) | undefined
}

export interface FakeIssuer {
  readonly url: string
  readonly clientId: string
  readonly secret: string
  bent: Bent
  /** What the token endpoint was asked: the form, with the Authorization header beside it. */
  readonly tokenRequests: { form: URLSearchParams; authorization: string | undefined }[]
  readonly jwksRequests: { count: number }
  readonly userinfoRequests: { count: number }
  readonly introspectionRequests: { count: number }
  /** A code as the authorization endpoint would issue it for this authorization request. */
  issue(authorizationUrl: URL): string
  /** A new signing key, alone in the key set from now on. */
  rotate(kid: string): Promise<void>
  publicJwk(): JWK
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: SigningKey): Promise<string>
  close(): Promise<void>
}

const RIGHT: Bent = {
  metadata: {},
  claims: {},
  header: {},
  sign: undefined,
  jwks: undefined,
  token: undefined,
  userinfo: undefined,
  introspection: undefined,
}

export const unbent = (): Bent => ({ ...RIGHT, metadata: {}, claims: {}, header: {} })

/** Of every issuer of this process: making one takes longer than most tests. */
const firstPair = generateKeyPair('RS256', { extractable: true })

/** An issuer that does right unless it is bent: discovery, keys, token endpoint and userinfo on a free port. */
export async function startFakeIssuer(): Promise<FakeIssuer> {
  const codes = new Map<string, IssuedCode>()
  let kid = 'key-1'
  let pair = await firstPair
  let jwk: JWK = await exportJWK(pair.publicKey)
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const issuer: FakeIssuer = {
    url,
    clientId: 'gateway',
    secret: 'se cret+:%of the gateway',
    bent: unbent(),
    tokenRequests: [],
    jwksRequests: { count: 0 },
    userinfoRequests: { count: 0 },
    introspectionRequests: { count: 0 },
    issue(authorizationUrl) {
      const { searchParams } = authorizationUrl
      const code = `code-${codes.size}-${Math.random()}`
      codes.set(code, {
        nonce: searchParams.get('nonce') ?? '',
        challenge: searchParams.get('code_challenge') ?? '',
        redirectUri: searchParams.get('redirect_uri') ?? '',
      })
      return code
    },
    async rotate(newKid) {
      kid = newKid
      pair = await generateKeyPair('RS256', { extractable: true })
      jwk = await exportJWK(pair.publicKey)
    },
    publicJwk: () => ({ ...jwk, kid, alg: 'RS256', use: 'sig' }),
    sign: (claims, header = {}, key = pair.privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(key),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const { status = 200, headers = {}, body } = await route(request, form)
    const isText = typeof body === 'string'
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', ...headers })
    response.end(isText ? body : JSON.stringify(body))
  }

  async function route(request: IncomingMessage, form: URLSearchParams): Promise<Answer> {
    const { bent } = issuer
    switch (request.url) {
      case '/.well-known/openid-configuration':
        return { body: metadata(url, bent.metadata) }
      case '/jwks':
        issuer.jwksRequests.count++
        if (bent.jwks !== undefined) return 'keys' in bent.jwks ? { body: bent.jwks } : bent.jwks
        return { body: { keys: [issuer.publicJwk()] } }
      case '/token':
        issuer.tokenRequests.push({ form, authorization: request.headers.authorization })
        return bent.token ? bent.token(await tokens(form)) : { body: await tokens(form) }
      case '/userinfo':
        issuer.userinfoRequests.count++
        return bent.userinfo ?? { body: { sub: 'alice-sub' } }
      case '/introspect':
        issuer.introspectionRequests.count++
        return bent.introspection?.(form.get('token') ?? '') ?? { body: { active: false } }
      default:
        return { status: 404, body: 'nothing here' }
    }
  }

  async function tokens(form: URLSearchParams): Promise<Record<string, unknown>> {
    const code = codes.get(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (code !== undefined && code.challenge !== challenge) throw new Error('the verifier does not fit the challenge')
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: url,
      sub: 'alice-sub',
      aud: issuer.clientId,
      iat: now,
      exp: now + 300,
      ...(code !== undefined && { nonce: code.nonce }),
      sid: 'issuer-session-1',
      preferred_username: 'alice',
      name: 'Alice Example',
      email: 'alice@example.org',
      groups: ['project-alpha'],
      ...issuer.bent.claims,
    }
    const { sign, header } = issuer.bent
    return {
      access_token: 'access-token-1',
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: 'refresh-token-1',
      id_token: sign ? await sign(claims) : await issuer.sign(claims, header),
    }
  }

  return issuer
}

function metadata(url: string, bent: Record<string, unknown>) {
  return {
    ...issuerMetadata(url),
    id_token_signing_alg_values_supported: ['RS256', 'RS384', 'ES256', 'PS256', 'HS256', 'none'],
    ...bent,
  }
}

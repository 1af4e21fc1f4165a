import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientMetadata, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type IssuerTls, type TokenClient, tokenClient } from './client-certificates.ts'
import { clients, GATEWAY_CLIENT } from './clients.ts'
import { type ConfigurationParts, configuration, type Lifetimes } from './configuration.ts'
import { type Keys, loadKeys, newSigningKey } from './keys.ts'
import { handleLogin } from './login.ts'
import { Storage } from './storage.ts'
import { allowTokenExchange } from './token-exchange.ts'
import { Directory, type IssuerUser } from './users.ts'

export interface IssuerOptions {
  /** Default: a free port. */
  readonly port?: number
  /** Host of the issuer's URL. Cookies of gateway and issuer are same-site if both use the same host. */
  readonly host?: '127.0.0.1' | 'localhost'
  readonly users?: readonly IssuerUser[]
  /** Origins of the gateway. Default: any loopback port. */
  readonly gatewayUrls?: readonly string[]
  readonly accessTokenSeconds?: number
  readonly refreshTokenSeconds?: number
  /** Format of access tokens: `jwt` (default) for APIs, `opaque` for userinfo and introspection. */
  readonly accessTokens?: 'jwt' | 'opaque'
  readonly rotateRefreshTokens?: boolean
  readonly oneClick?: boolean
  /** Changes of the gateway's client, such as another `token_endpoint_auth_method`. */
  readonly gatewayClient?: Partial<ClientMetadata>
  /** Listens with TLS and asks for client certificates (RFC 8705): PEM. Default: plain http. */
  readonly tls?: IssuerTls
  /** Authentication levels (`acr`) that users choose from when they sign in. Default: none, and tokens have no `acr`. */
  readonly levels?: readonly string[]
  /** Directory for keys and sessions. Default: they are kept in memory. */
  readonly directory?: string
}

/** How the token endpoint behaves: normal, failing, processing a request late, or processing it at once and responding late. */
export type TokenEndpoint =
  | 'normal'
  | 'server-error'
  | 'reset'
  | { readonly delayMs: number }
  | { readonly respondAfterMs: number }

/** Starts the embedded issuer (OpenID Connect Core, RP-initiated and back-channel logout, RFC 8628) on loopback. */
export async function startIssuer(options: IssuerOptions = {}): Promise<EmbeddedIssuer> {
  const keys = await loadKeys(fileIn(options, 'keys.json'))
  const issuer = new EmbeddedIssuer(options, keys)
  await issuer.listen()
  return issuer
}

const fileIn = ({ directory }: IssuerOptions, name: string) =>
  directory === undefined ? undefined : join(directory, name)

export class EmbeddedIssuer {
  /** Issuer identifier. Empty until it listens. */
  url = ''
  tokenEndpoint: TokenEndpoint = 'normal'
  /** Number of refresh-token requests, with or without a response. */
  refreshGrants = 0
  /** Number of requests to the token endpoint, whatever their outcome. */
  tokenRequests = 0
  /** How clients came to the token endpoint, oldest first. */
  readonly tokenClients: TokenClient[] = []
  /** Sees the form of each accepted or refused request to the token endpoint. */
  onTokenRequest: ((form: URLSearchParams) => void | Promise<void>) | undefined
  /** Runs before each token exchange. */
  beforeExchange: () => Promise<void> | void = () => {}
  readonly directory: Directory
  readonly #options: IssuerOptions
  readonly #storage = new Storage()
  readonly #lifetimes: Lifetimes
  readonly #server: Server
  #keys: Keys
  #provider: Provider | undefined
  #handle: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined

  constructor(options: IssuerOptions, keys: Keys) {
    this.#options = options
    this.#keys = keys
    this.directory = new Directory(options.users)
    this.#lifetimes = {
      accessTokenSeconds: options.accessTokenSeconds ?? 300,
      refreshTokenSeconds: options.refreshTokenSeconds ?? 1800,
    }
    const respond = (request: IncomingMessage, response: ServerResponse) =>
      void this.#respond(request, response).catch((error: Error) => response.destroy(error))
    const { tls } = options
    this.#server = tls
      ? createTlsServer({ ...tls, maxHeaderSize: 131_072, requestCert: true, rejectUnauthorized: false }, respond)
      : createServer({ maxHeaderSize: 131_072 }, respond)
  }

  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('expected a TCP listener with a port')
    this.url = `${this.#options.tls ? 'https' : 'http'}://${host}:${address.port}`
    const state = fileIn(this.#options, 'state.json')
    if (state !== undefined) this.#storage.load(state)
    this.setBackchannelLogoutUrl(undefined)
    this.#build()
  }

  /** Sets the gateway's back-channel logout URL. Undefined: none, and tokens have no `sid`. */
  setBackchannelLogoutUrl(url: string | undefined): void {
    for (const client of clients(this.#options.gatewayUrls ?? [], url)) {
      const changes = client.client_id === GATEWAY_CLIENT.id ? this.#options.gatewayClient : {}
      this.#storage.put('Client', client.client_id, { ...client, ...changes })
    }
  }

  /** Signs with a new key from now on. `keepPrevious: false`: the previous keys are no longer published. */
  async rotateKeys({ keepPrevious = true } = {}): Promise<void> {
    const previous = keepPrevious ? this.#keys.signing : []
    this.#keys = { ...this.#keys, signing: [await newSigningKey(), ...previous] }
    this.#build()
  }

  setAccessTokenSeconds(seconds: number): void {
    this.#lifetimes.accessTokenSeconds = seconds
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    const state = fileIn(this.#options, 'state.json')
    if (state !== undefined) this.#storage.save(state)
    await once(this.#server, 'close')
  }

  #build(): void {
    const { accessTokens = 'jwt', rotateRefreshTokens = true, tls, levels = [] } = this.#options
    const parts: ConfigurationParts = {
      keys: this.#keys,
      directory: this.directory,
      storage: this.#storage,
      lifetimes: this.#lifetimes,
      accessTokens,
      rotateRefreshTokens,
      // The same server by its other name.
      ...(tls && { mtlsOrigin: this.url.replace('//localhost', '//127.0.0.1') }),
      levels,
    }
    const provider = new Provider(this.url, configuration(parts))
    const [signing] = this.#keys.signing
    if (signing !== undefined) allowTokenExchange(provider, signing, { before: () => this.beforeExchange() })
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.oidc?.route === 'token') await this.#delayResponse()
      if (ctx.oidc?.route === 'token') await this.onTokenRequest?.(new URLSearchParams({ ...ctx.oidc.body } as never))
      // Optional according to RFC 8628 §3.2, but some clients require it.
      if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200) Object.assign(ctx.body, { interval: 2 })
      // For logout by POST the library sets SameSite=None, which browsers accept only with https.
      const cookies = ctx.response.get('set-cookie') as unknown
      if (Array.isArray(cookies))
        ctx.set(
          'set-cookie',
          cookies.map((each) => each.replace(/samesite=none/i, 'samesite=lax')),
        )
    })
    const count = (ctx: KoaContextWithOIDC) => {
      if (ctx.oidc.params?.grant_type === 'refresh_token') this.refreshGrants += 1
    }
    provider.on('grant.success', count)
    provider.on('grant.error', count)
    this.#provider = provider
    this.#handle = provider.callback()
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/token') {
      this.tokenRequests += 1
      this.tokenClients.push(tokenClient(request))
      if (await this.#spoiled(response)) return
    }
    const { oneClick = false, levels = [] } = this.#options
    if (this.#provider !== undefined && request.url?.startsWith('/interaction/')) {
      return await handleLogin(this.#provider, { directory: this.directory, oneClick, levels }, request, response)
    }
    await this.#handle?.(request, response)
  }

  /** Applies `tokenEndpoint`. True if the request needs no further processing. */
  async #spoiled(response: ServerResponse): Promise<boolean> {
    const { tokenEndpoint } = this
    if (tokenEndpoint === 'reset') response.destroy()
    if (tokenEndpoint === 'server-error') response.writeHead(500).end()
    if (typeof tokenEndpoint === 'string') return tokenEndpoint !== 'normal'
    if ('delayMs' in tokenEndpoint) await sleep(tokenEndpoint.delayMs, undefined, { ref: false })
    return response.destroyed // the client has disconnected
  }

  async #delayResponse(): Promise<void> {
    const { tokenEndpoint } = this
    if (typeof tokenEndpoint === 'object' && 'respondAfterMs' in tokenEndpoint)
      await sleep(tokenEndpoint.respondAfterMs, undefined, { ref: false })
  }
}

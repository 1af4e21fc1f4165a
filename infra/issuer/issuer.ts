import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { clients } from './clients.ts'
import { type ConfigurationParts, configuration, type Lifetimes } from './configuration.ts'
import { type Keys, loadKeys, newSigningKey } from './keys.ts'
import { handleLogin } from './login.ts'
import { Storage } from './storage.ts'
import { Directory, type IssuerUser } from './users.ts'

export interface IssuerOptions {
  /** Default: a free port. */
  readonly port?: number
  /** Host in the issuer's address; cookies of gateway and issuer are same-site when both use the same. */
  readonly host?: '127.0.0.1' | 'localhost'
  readonly users?: readonly IssuerUser[]
  /** Origins of the gateway. Default: any port of loopback. */
  readonly gatewayUrls?: readonly string[]
  readonly accessTokenSeconds?: number
  readonly refreshTokenSeconds?: number
  /** `opaque` tokens are for userinfo and introspection, `jwt` ones (default) for APIs. */
  readonly accessTokens?: 'jwt' | 'opaque'
  readonly rotateRefreshTokens?: boolean
  readonly oneClick?: boolean
  /** Keeps keys and sessions here. Default: they live as long as the process. */
  readonly directory?: string
}

/** What the token endpoint does instead of answering at once: it looks at the request late, or answers late what it did. */
export type TokenEndpoint =
  | 'normal'
  | 'server-error'
  | 'reset'
  | { readonly delayMs: number }
  | { readonly answerAfterMs: number }

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
  /** Issuer identifier, known once it listens. */
  url = ''
  tokenEndpoint: TokenEndpoint = 'normal'
  /** Refresh-token grants asked for, answered or not. */
  refreshGrants = 0
  /** Requests that arrived at the token endpoint, whatever became of them. */
  tokenRequests = 0
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
    this.#server = createServer({ maxHeaderSize: 131_072 }, (request, response) => {
      this.#answer(request, response).catch((error: Error) => response.destroy(error))
    })
  }

  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
    this.url = `http://${host}:${address.port}`
    const state = fileIn(this.#options, 'state.json')
    if (state !== undefined) this.#storage.load(state)
    this.setBackchannelLogoutUrl(undefined)
    this.#build()
  }

  /** Where to tell the gateway of logouts; undefined: nowhere, and tokens name no session (`sid`). */
  setBackchannelLogoutUrl(url: string | undefined): void {
    for (const client of clients(this.#options.gatewayUrls ?? [], url)) {
      this.#storage.put('Client', client.client_id, client)
    }
  }

  /** Signs with a new key from now on. `keepFormer: false`: the former key is no longer published either. */
  async rotateKeys({ keepFormer = true } = {}): Promise<void> {
    const former = keepFormer ? this.#keys.signing : []
    this.#keys = { ...this.#keys, signing: [await newSigningKey(), ...former] }
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
    const { accessTokens = 'jwt', rotateRefreshTokens = true } = this.#options
    const parts: ConfigurationParts = {
      keys: this.#keys,
      directory: this.directory,
      storage: this.#storage,
      lifetimes: this.#lifetimes,
      accessTokens,
      rotateRefreshTokens,
    }
    const provider = new Provider(this.url, configuration(parts))
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.oidc?.route === 'token') await this.#holdAnswer()
      // Optional by RFC 8628 §3.2, and what some clients cannot do without.
      if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200) Object.assign(ctx.body, { interval: 2 })
      // Logout by POST needs SameSite=None by the library's rule, which browsers keep with https alone.
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/token') {
      this.tokenRequests += 1
      if (await this.#spoiled(response)) return
    }
    const oneClick = this.#options.oneClick ?? false
    if (this.#provider !== undefined && request.url?.startsWith('/interaction/')) {
      return await handleLogin(this.#provider, { directory: this.directory, oneClick }, request, response)
    }
    await this.#handle?.(request, response)
  }

  /** Does what `tokenEndpoint` asks for; true when the request is answered. */
  async #spoiled(response: ServerResponse): Promise<boolean> {
    const { tokenEndpoint } = this
    if (tokenEndpoint === 'reset') response.destroy()
    if (tokenEndpoint === 'server-error') response.writeHead(500).end()
    if (typeof tokenEndpoint === 'string') return tokenEndpoint !== 'normal'
    if ('delayMs' in tokenEndpoint) await sleep(tokenEndpoint.delayMs, undefined, { ref: false })
    return response.destroyed // who asked is gone: nothing is left to look at
  }

  async #holdAnswer(): Promise<void> {
    const { tokenEndpoint } = this
    if (typeof tokenEndpoint === 'object' && 'answerAfterMs' in tokenEndpoint)
      await sleep(tokenEndpoint.answerAfterMs, undefined, { ref: false })
  }
}

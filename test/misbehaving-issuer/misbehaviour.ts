import type { Keys } from './keys.ts'

export type Json = Readonly<Record<string, unknown>>

/** A response as it is sent, where the right one would be JSON with status 200. */
export class RawResponse {
  readonly status: number
  /** Undefined: the response never comes. */
  readonly body: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: string | undefined, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** The request is never responded to. */
export const NEVER = new RawResponse(200, undefined)

/** The response begins and never ends. */
export const STALLS = new RawResponse(200, '{')

export type Endpoint =
  | 'discovery'
  | 'jwks'
  | 'authorize'
  | 'token'
  | 'refresh'
  | 'userinfo'
  | 'introspect'
  | 'logout'
  | 'moved'

/** What an issued code or refresh token stands for. */
export interface Grant {
  readonly nonce: string
  /** PKCE code challenge (RFC 7636 §4.2). */
  readonly challenge: string
}

/** One run of a misbehaviour: an issuer with a URL and a memory of its own. */
export interface Instance {
  /** Issuer identifier. */
  readonly url: string
  readonly clientId: string
  readonly secret: string
  readonly keys: Keys
  /** How often each endpoint was requested, this request included. */
  readonly requests: Record<Endpoint, number>
  /** `Authorization` of the last request to the token endpoint. */
  authorization: string | undefined
  /** The same of userinfo. */
  userinfoAuthorization: string | undefined
  /** Seconds since the epoch. */
  now(): number
}

type Bend<T> = (right: T, at: Instance) => Json | RawResponse | Promise<Json | RawResponse>

/** How a token response differs from the right one. */
export interface TokenMisbehaviour {
  /** Parameters laid over those of the header; undefined removes one. */
  readonly header?: Json | ((at: Instance) => Json)
  /** Claims laid over the right ones; undefined removes one. */
  readonly claims?: Json | ((at: Instance, grant: Grant) => Json)
  /** Changes the JSON text of the claims, for what no object can express. */
  readonly payload?: (text: string) => string
  /** Signs in place of the current key. */
  readonly sign?: (payload: string, header: Json, at: Instance) => string | Promise<string>
  /** Given the right token response. */
  readonly token?: Bend<Json>
}

/** What an issuer does wrong. Whatever is absent is done right. */
export interface Misbehaviour extends TokenMisbehaviour {
  readonly metadata?: Bend<Json>
  readonly jwks?: Bend<{ readonly keys: readonly Json[] }>
  /** Changes the parameters of the authorization response in place. */
  readonly authorization?: (response: URLSearchParams, at: Instance) => void
  readonly userinfo?: Bend<Json>
  readonly introspection?: Bend<Json>
  /** Misbehaves at a refresh only. */
  readonly onRefresh?: TokenMisbehaviour
  /** Given the address that a sign-out returns to. */
  readonly endSession?: (returnTo: URL, at: Instance) => void
}

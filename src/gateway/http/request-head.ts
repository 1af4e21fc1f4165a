import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { ClientAddress } from './client-address.ts'

/**
 * What a request says before its body, as plain values. Made once; whoever asks about the same request again, or about
 * a request that a proxy only describes, makes another value instead of another message.
 */
export interface RequestHead {
  readonly method: string
  /** Request target in origin-form, as received (RFC 9112 §3.2.1). */
  readonly target: string
  /** `Host`, or the authority of a target in absolute-form, which takes precedence (RFC 9112 §3.2.2). */
  readonly host: string | undefined
  /** `1.1` or `1.0`; whatever else the parser read is kept for the syntax check. */
  readonly httpVersion: string
  /** By lower-case name, as `node:http` combines them. */
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** Address of the peer: the client, or the proxy in front. */
  readonly peerAddress: string | undefined
  /** Address of the client, as far as trusted proxies report it. */
  readonly clientAddress: string
  readonly requestId: string
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is

/** Reads the head of a request that has just arrived. */
export function readRequestHead(request: IncomingMessage, addressOf: ClientAddress): RequestHead {
  const { method = '', url = '', httpVersion, headers, rawHeaders, socket } = request
  const forwardedFor = headers['x-forwarded-for'] as string | undefined
  const absolute = url.charCodeAt(0) === 0x2f ? undefined : originForm(url)
  return {
    method,
    target: absolute?.target ?? url,
    host: absolute?.host ?? headers.host,
    httpVersion,
    headers,
    rawHeaders,
    peerAddress: socket.remoteAddress,
    clientAddress: addressOf(socket.remoteAddress, forwardedFor),
    requestId: randomUUID(),
  }
}

/** A target in absolute-form, brought into the form that everything reads. Its scheme says nothing. */
function originForm(url: string): { host: string; target: string } | undefined {
  const [, host, rest] = ABSOLUTE.exec(url) ?? []
  if (host === undefined || rest === undefined) return undefined
  return { host, target: rest.startsWith('/') ? rest : `/${rest}` }
}

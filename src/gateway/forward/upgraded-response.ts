import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { endAndLinger } from '../http/linger.ts'
import type { UpstreamError } from '../upstream/errors.ts'
import type { ResponseHead } from '../upstream/response-head.ts'
import { clientHeaders } from './headers/response-headers.ts'
import { StreamedResponse, unsentBytes } from './streamed-response.ts'

/** The response to a WebSocket handshake: 101 joins both sockets, everything else is an ordinary response. */
export class UpgradedResponse extends StreamedResponse {
  #socket: Socket | undefined
  /** Called once the sockets are joined, before anything of the client's is sent to the upstream. */
  onJoined: (upstream: Writable) => void = () => {}

  override upgraded(head: ResponseHead, upstream: Writable): void {
    const { response } = this.transport
    const socket = response.socket as Socket
    this.#socket = socket
    const headers = [
      ...clientHeaders(head.headers, this.context, this.plan),
      'Connection',
      'Upgrade',
      'Upgrade',
      'websocket',
    ]
    response.detachSocket(socket)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines(headers)}\r\n`, 'latin1')
    this.onJoined(upstream)
    socket.on('data', (bytes: Buffer) => {
      if (!upstream.write(bytes)) socket.pause()
    })
    upstream.on('drain', () => socket.resume())
    // Neither side of a WebSocket goes on alone (RFC 6455 §7.1.1): whichever ends, both do.
    socket.once('end', () => {
      upstream.end()
      endAndLinger(socket)
    })
    socket.once('close', () => {
      this.call?.abort()
      this.left()
    })
    socket.resume()
  }

  override unsent(): number {
    return this.#socket ? unsentBytes(this.#socket) : super.unsent()
  }

  override piece(bytes: Buffer): boolean {
    const socket = this.#socket
    if (!socket) return super.piece(bytes)
    socket.write(bytes, () => {
      if (socket.writableLength === 0) this.call?.resume()
    })
    return socket.writableLength === 0
  }

  override end(last: Buffer | undefined, trailers: readonly string[]): void {
    if (this.#socket) endAndLinger(this.#socket)
    else super.end(last, trailers)
  }

  /** Every message is a request of its own: none without a valid token. */
  override get outlivesToken(): boolean {
    return false
  }

  override cut(why: unknown): void {
    this.#socket?.destroy()
    // Joined sockets have no response left that could deny.
    if (this.#socket) this.transport.response.destroy()
    super.cut(why)
  }

  override fail(error: UpstreamError): void {
    if (this.#socket) this.#socket.destroy()
    else super.fail(error)
  }
}

function lines(headers: readonly string[]): string {
  let text = ''
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return text
}

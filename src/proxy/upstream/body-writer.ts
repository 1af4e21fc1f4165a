import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

const CRLF = Buffer.from('\r\n')

/**
 * Streams a request body to an upstream's socket at the pace the upstream reads it.
 * The framing is written anew: what the client's chunks were called or contained beyond data goes no further.
 */
export class BodyWriter {
  readonly #source: Readable
  readonly #socket: Socket
  readonly #chunked: boolean
  /** True while it is the upstream that holds things up. */
  waitingForUpstream = false
  done = false
  readonly #progress: () => void

  /** @param progress Called with each piece that moves and at the end. */
  constructor(source: Readable, socket: Socket, chunked: boolean, progress: () => void) {
    this.#source = source
    this.#socket = socket
    this.#chunked = chunked
    this.#progress = progress
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    socket.on('drain', this.#onDrain)
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#progress()
    if (this.#write(bytes)) return
    this.waitingForUpstream = true
    this.#source.pause()
  }

  readonly #onDrain = (): void => {
    if (!this.waitingForUpstream) return
    this.waitingForUpstream = false
    this.#progress()
    this.#source.resume()
  }

  readonly #onEnd = (): void => {
    if (this.#chunked) this.#socket.write('0\r\n\r\n', 'latin1')
    this.done = true
    this.stop()
    this.#progress()
  }

  #write(bytes: Buffer): boolean {
    if (!this.#chunked) return this.#socket.write(bytes)
    this.#socket.cork()
    this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
    this.#socket.write(bytes)
    const more = this.#socket.write(CRLF)
    this.#socket.uncork()
    return more
  }

  /** Lets go of source and socket; the rest of the source stays unread. */
  stop(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#socket.off('drain', this.#onDrain)
    if (!this.done) this.#source.pause()
  }
}

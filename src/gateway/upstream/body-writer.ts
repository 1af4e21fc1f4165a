import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

const CRLF = Buffer.from('\r\n')
/** The client waits from here on, bytes; two of its pieces more than this may be held. */
const FULL = 524_288
/** And goes on from here on: before all is written, so that the upstream never waits for the client to begin again. */
const ROOM = 131_072
/** Shorter pieces are left to the collector, bytes. */
const LONG_PIECE = 16_384

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
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#write(bytes)
    if (this.#socket.writableLength >= FULL) {
      this.waitingForUpstream = true
      this.#source.pause()
    }
    this.#progress()
  }

  readonly #onEnd = (): void => {
    if (this.#chunked) this.#socket.write('0\r\n\r\n', 'latin1')
    this.done = true
    this.stop()
    this.#progress()
  }

  #write(bytes: Buffer): void {
    const written = (error?: Error | null) => this.#written(bytes, error)
    if (!this.#chunked) {
      this.#socket.write(bytes, written)
      return
    }
    this.#socket.cork()
    this.#socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
    this.#socket.write(bytes)
    this.#socket.write(CRLF, written)
    this.#socket.uncork()
  }

  #written(bytes: Buffer, error: Error | null | undefined): void {
    if (error) return
    giveBack(bytes)
    if (!this.waitingForUpstream) return
    const room = this.#socket.writableLength <= ROOM
    if (room) this.waitingForUpstream = false
    this.#progress()
    if (room) this.#source.resume()
  }

  /** Lets go of source and socket; the rest of the source stays unread. */
  stop(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    // what is still to be written must not start the source again: its next reader may want it paused
    this.waitingForUpstream = false
    if (!this.done) this.#source.pause()
  }
}

/**
 * Frees the memory of a piece at once. V8 answers memory outside its heap with full collections: one for every 64 MiB
 * of uploads, each as long as the heap is large. A piece that shares its memory with anything else is left alone.
 */
function giveBack(bytes: Buffer): void {
  const { buffer, byteLength } = bytes
  if (byteLength >= LONG_PIECE && buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

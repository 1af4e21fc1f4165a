import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { BodyPace, type BodyPaceLimits } from '../../shared/body-pace.ts'
import type { Exchange } from './exchange.ts'

const CRLF = Buffer.from('\r\n')
/** The client is paused when this much is unwritten, bytes; up to two pieces more may be buffered. */
const HIGH_WATER = 524_288
/** The client continues at this much: before all is written, so that the upstream never waits for it. */
const LOW_WATER = 131_072
/** Shorter pieces are left to the garbage collector, bytes. */
const LONG_PIECE = 16_384

/**
 * Streams a request body to an upstream's socket at the pace the upstream reads it.
 * The framing is written anew: nothing of the client's chunks but their data is forwarded.
 */
export class BodyWriter {
  readonly #source: Readable
  readonly #socket: Socket
  readonly #chunked: boolean
  /** True while the client is paused because the upstream is slower. */
  waitingForUpstream = false
  done = false
  readonly #pace: BodyPace
  /** Bytes that have arrived and are not yet counted by the pace. */
  #arrived = 0
  readonly #progress: () => void
  readonly #received: ((bytes: number) => void) | undefined

  /** @param progress Called after each piece that is read or written, and at the end. */
  constructor(
    { source, chunked, askedAfterMs = 0, received }: NonNullable<Exchange['body']>,
    socket: Socket,
    pace: BodyPaceLimits,
    now: number,
    progress: () => void,
  ) {
    this.#pace = new BodyPace(pace, now + askedAfterMs)
    this.#source = source
    this.#socket = socket
    this.#chunked = chunked
    this.#progress = progress
    this.#received = received
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
  }

  /**
   * Until when the body must move on: at the client's pace, or, while the client is paused, within the upstream's time.
   * @param now, responseMs In milliseconds
   */
  deadline(now: number, responseMs: number): number {
    const pace = this.#pace
    pace.resume(now)
    if (this.#arrived > 0) pace.received(this.#arrived, now)
    this.#arrived = 0
    if (!this.waitingForUpstream) return pace.deadline
    pace.pause(now)
    return now + responseMs
  }

  /** Why the client is too slow, once the deadline has passed; undefined: it is not. */
  fault(now: number): string | undefined {
    return this.#pace.fault(now)
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#arrived += bytes.length
    this.#received?.(bytes.length)
    this.#write(bytes)
    if (this.#socket.writableLength >= HIGH_WATER) {
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
    freeMemory(bytes)
    if (!this.waitingForUpstream) return
    const ready = this.#socket.writableLength <= LOW_WATER
    if (ready) this.waitingForUpstream = false
    this.#progress()
    if (ready) this.#source.resume()
  }

  /** Detaches from source and socket; the rest of the source stays unread. */
  stop(): void {
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    // Pending writes must not resume the source: its next reader may need it paused.
    this.waitingForUpstream = false
    if (!this.done) this.#source.pause()
  }
}

/**
 * Frees the memory of a piece at once. V8 runs a full collection for every 64 MiB of memory outside its heap, and each
 * takes as long as the heap is large. A piece that shares its memory is left alone.
 */
function freeMemory(bytes: Buffer): void {
  const { buffer, byteLength } = bytes
  if (byteLength >= LONG_PIECE && buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

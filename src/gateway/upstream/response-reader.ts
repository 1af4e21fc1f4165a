import { ChunkedDecoder } from './chunked-decoder.ts'
import { invalid } from './errors.ts'
import { parseResponseHead, type ResponseHead } from './response-head.ts'

/** A final piece up to this length, bytes, is passed on together with the end: one write to the client instead of two. */
const SHORT_PIECE = 16_384
const HEAD_END = '\r\n\r\n'
const UNTIL_CLOSE = Number.POSITIVE_INFINITY
/** Interim responses to one request: more serve no purpose, and without a limit they would never end. */
const MAX_INTERIM = 20
const NO_TRAILERS: readonly string[] = []

/** What a reader finds, in order: information*, then head or upgraded, piece*, end. */
export interface ResponseParts {
  information(status: number): void
  head(head: ResponseHead): void
  upgraded(head: ResponseHead): void
  piece(bytes: Buffer): void
  end(last: Buffer | undefined, trailers: readonly string[]): void
}

/** Reads the responses of one connection, one after the other, from bytes as they arrive. */
export class ResponseReader {
  readonly #maxHeadBytes: number
  readonly #parts: ResponseParts
  #method = ''
  #reading = false
  /** Whether a byte of the response has arrived. */
  begun = false
  #headText = ''
  #head: ResponseHead | undefined
  #interim = 0
  /** Bytes of the body to come; 0 for a chunked one. */
  #left = 0
  #decoder: ChunkedDecoder | undefined

  constructor(maxHeadBytes: number, parts: ResponseParts) {
    this.#maxHeadBytes = maxHeadBytes
    this.#parts = parts
  }

  /** Expects the response to a request of this method. */
  start(method: string): void {
    this.#method = method
    this.#reading = true
    this.begun = false
    this.#headText = ''
    this.#head = undefined
    this.#interim = 0
    this.#left = 0
    this.#decoder = undefined
  }

  /** Passes on nothing more of this response. */
  stop(): void {
    this.#reading = false
  }

  get head(): ResponseHead | undefined {
    return this.#head
  }

  /** Whether the body is one that the end of the connection completes. */
  get endsWithConnection(): boolean {
    return this.#head !== undefined && this.#left === UNTIL_CLOSE
  }

  /** @throws UpstreamError `invalid`, and whatever the receiver of the parts throws */
  read(bytes: Buffer): void {
    this.begun = true
    if (this.#head) this.#readBody(bytes)
    else this.#readHead(bytes)
  }

  #readHead(bytes: Buffer): void {
    const before = this.#headText.length
    const text = this.#headText + bytes.toString('latin1')
    const end = text.indexOf(HEAD_END, Math.max(0, before - 3))
    // Up to three bytes of the empty line that ends the head may be there already.
    if ((end < 0 ? text.length - 3 : end) > this.#maxHeadBytes) throw invalid('the response head is too long')
    if (end < 0) {
      this.#headText = text
      return
    }
    const head = parseResponseHead(text.slice(0, end), this.#method)
    const rest = bytes.subarray(end + HEAD_END.length - before)
    if (head.status >= 200) this.#startBody(head, rest)
    else if (head.status === 101) this.#switchProtocols(head, rest)
    else this.#skipInterim(head.status, rest)
  }

  #skipInterim(status: number, rest: Buffer): void {
    if (++this.#interim > MAX_INTERIM) throw invalid('the upstream sends only interim responses')
    this.#headText = ''
    this.#parts.information(status)
    if (this.#reading && rest.length > 0) this.#readHead(rest)
  }

  #startBody(head: ResponseHead, rest: Buffer): void {
    const { framing } = head
    this.#head = head
    this.#decoder = framing === 'chunked' ? new ChunkedDecoder() : undefined
    this.#left = typeof framing === 'number' ? framing : framing === 'close' ? UNTIL_CLOSE : 0
    this.#parts.head(head)
    if (this.#reading && (rest.length > 0 || framing === 0)) this.#readBody(rest)
  }

  /** From here on the bytes belong to another protocol and are passed on unread, until either side closes. */
  #switchProtocols(head: ResponseHead, rest: Buffer): void {
    this.#head = head
    this.#left = UNTIL_CLOSE
    this.#parts.upgraded(head)
    if (this.#reading && rest.length > 0) this.#readBody(rest)
  }

  #readBody(bytes: Buffer): void {
    if (this.#decoder) {
      this.#readChunks(this.#decoder, bytes)
      return
    }
    if (bytes.length > this.#left) throw invalid('the response is longer than its Content-Length')
    this.#left -= bytes.length
    if (this.#left === 0 && bytes.length <= SHORT_PIECE) this.#parts.end(bytes, NO_TRAILERS)
    else {
      this.#parts.piece(bytes)
      if (this.#reading && this.#left === 0) this.#parts.end(undefined, NO_TRAILERS)
    }
  }

  #readChunks(decoder: ChunkedDecoder, bytes: Buffer): void {
    const used = decoder.push(bytes, this.#parts)
    if (used < 0 || !this.#reading) return
    if (used < bytes.length) throw invalid('the response continues after its last chunk')
    this.#parts.end(undefined, decoder.trailers)
  }
}

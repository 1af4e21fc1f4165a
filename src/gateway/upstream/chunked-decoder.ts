import { invalid } from './errors.ts'
import { parseTrailers } from './response-head.ts'

const CR = 13
const LF = 10
const SEMICOLON = 59
/** Hexadecimal digits of a size: no upstream sends chunks of 2^48 bytes. */
const MAX_SIZE_DIGITS = 12
const MAX_EXTENSION_BYTES = 1024
const MAX_TRAILER_BYTES = 16_384

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers'

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

interface BodyReceiver {
  piece(bytes: Buffer): void
}

/**
 * Decodes a chunked body as it arrives.
 * Line ends are CRLF only; sizes are hexadecimal digits only; extensions are dropped, and bounded.
 * @see RFC 9112 §7.1
 */
export class ChunkedDecoder {
  #state: State = 'size'
  #size = 0
  #digits = 0
  #extensionBytes = 0
  #trailerBytes = ''
  trailers: string[] = []

  /**
   * Decodes `bytes`; each run of body bytes goes to `body.piece`.
   * @returns How many bytes belong to this body when it ended within them, else -1.
   * @throws UpstreamError `invalid`
   */
  push(bytes: Buffer, body: BodyReceiver): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const end = Math.min(bytes.length, at + this.#size)
        body.piece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
        this.#size -= end - at
        at = end
        if (this.#size === 0) this.#state = 'data-cr'
      } else if (this.#state === 'trailers') {
        return this.#trailerEnd(bytes, at)
      } else this.#step(bytes[at++] as number)
    }
    return -1
  }

  #step(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#sizeByte(byte)
        break
      case 'extension':
        this.#extensionByte(byte)
        break
      case 'size-lf':
        if (byte !== LF) throw invalid('a chunk size of the response does not end in CRLF')
        this.#state = this.#size === 0 ? 'trailers' : 'data'
        break
      case 'data-cr':
        if (byte !== CR) throw invalid('a chunk of the response is longer than its size')
        this.#state = 'data-lf'
        break
      default:
        if (byte !== LF) throw invalid('a chunk of the response does not end in CRLF')
        this.#state = 'size'
        this.#size = this.#digits = this.#extensionBytes = 0
    }
  }

  #extensionByte(byte: number): void {
    if (byte === CR) this.#state = 'size-lf'
    else if (byte < 32 || ++this.#extensionBytes > MAX_EXTENSION_BYTES)
      throw invalid('a chunk extension of the response is malformed or too long')
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0 && ++this.#digits <= MAX_SIZE_DIGITS) this.#size = this.#size * 16 + digit
    else if (this.#digits > 0 && byte === CR) this.#state = 'size-lf'
    else if (this.#digits > 0 && byte === SEMICOLON) this.#state = 'extension'
    else throw invalid('a chunk size of the response is not a hexadecimal number')
  }

  /** Collects the trailer section; -1 until the empty line that ends it. */
  #trailerEnd(bytes: Buffer, from: number): number {
    const before = this.#trailerBytes.length
    this.#trailerBytes += bytes.toString('latin1', from)
    if (this.#trailerBytes.startsWith('\r\n')) return from + 2 - before
    const end = this.#trailerBytes.indexOf('\r\n\r\n')
    if ((end < 0 ? this.#trailerBytes.length : end) > MAX_TRAILER_BYTES)
      throw invalid('the trailers of the response are too long')
    if (end < 0) return -1
    this.trailers = parseTrailers(this.#trailerBytes.slice(0, end))
    return from + end + 4 - before
  }
}

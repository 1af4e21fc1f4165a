import { createCipheriv, createHash } from 'node:crypto'

/**
 * A body that belongs to one nonce: no piece of it, however short, is a piece of another one's at the same place. Each side
 * makes it anew, so that nothing has to be kept to compare.
 */
export class Keystream {
  readonly #cipher
  /** Bytes given so far. */
  position = 0

  constructor(nonce: string) {
    const key = createHash('sha256').update(nonce).digest().subarray(0, 16)
    this.#cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  }

  /** The next bytes. */
  next(length: number): Buffer {
    this.position += length
    return this.#cipher.update(Buffer.alloc(length))
  }

  /** Whether these are the next bytes. */
  matches(bytes: Buffer): boolean {
    return this.next(bytes.length).equals(bytes)
  }
}

const PIECE = 65_536

/** The first `bytes` of a nonce's body, piece by piece. */
export function* piecesOf(nonce: string, bytes: number): Generator<Buffer> {
  const stream = new Keystream(nonce)
  while (stream.position < bytes) yield stream.next(Math.min(PIECE, bytes - stream.position))
}

/** The checksum of the first `bytes` of a nonce's body. */
export function checksumOf(nonce: string, bytes: number): string {
  const hash = createHash('sha256')
  for (const piece of piecesOf(nonce, bytes)) hash.update(piece)
  return hash.digest('hex')
}

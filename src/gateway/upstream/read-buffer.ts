/** A head and a short body fit. */
const SHORT = 16_384
/** Fewer, longer reads while a long body streams. */
const LONG = 262_144
const MAX_SPARE = 16

/** Long buffers not in use, shared by all connections. */
const spare: Buffer[] = []

/** The memory a connection reads into: its own, and a larger one on loan while a body streams. No read allocates. */
export class ReadBuffer {
  readonly #own: Buffer = Buffer.allocUnsafeSlow(SHORT)
  #loan: Buffer | undefined
  #wanted = false

  /** Memory for the next read; the socket asks after each read. Only here may a loan be returned. */
  next(): Buffer {
    if (this.#wanted) this.#loan ??= spare.pop() ?? Buffer.allocUnsafeSlow(LONG)
    else if (this.#loan) {
      if (spare.length < MAX_SPARE) spare.push(this.#loan)
      this.#loan = undefined
    }
    return this.#loan ?? this.#own
  }

  /** Notes a read of this length: one that filled the short buffer gets the long one next. */
  took(length: number): void {
    if (length === SHORT) this.#wanted = true
  }

  /** The body has ended: the short buffer is enough. */
  shrink(): void {
    this.#wanted = false
  }
}

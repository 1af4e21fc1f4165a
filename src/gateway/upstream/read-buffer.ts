/** A head and a short body fit. */
const SHORT = 16_384
/** Fewer, longer reads while a long body streams. */
const LONG = 262_144
const MAX_SPARE = 16

/** Long buffers nobody reads into at the moment, shared by all connections. */
const spare: Buffer[] = []

/** The memory a connection reads into: its own, and a bigger loan while a body streams. No read allocates. */
export class ReadBuffer {
  readonly #own: Buffer = Buffer.allocUnsafeSlow(SHORT)
  #loan: Buffer | undefined
  #wanted = false

  /** Where the read after this one goes; the socket asks after each read. Only here may a loan go back. */
  next(): Buffer {
    if (this.#wanted) this.#loan ??= spare.pop() ?? Buffer.allocUnsafeSlow(LONG)
    else if (this.#loan) {
      if (spare.length < MAX_SPARE) spare.push(this.#loan)
      this.#loan = undefined
    }
    return this.#loan ?? this.#own
  }

  /** A read of this length was taken: one that filled the short buffer earns the long one. */
  took(length: number): void {
    if (length === SHORT) this.#wanted = true
  }

  /** The body is over: the short buffer will do. */
  shrink(): void {
    this.#wanted = false
  }
}

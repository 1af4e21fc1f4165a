/** Choices of the run: the same for the same seed, as far as the order of events is. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number {
    return first + Math.floor(this.next() * (last - first + 1))
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length - 1)]
    if (value === undefined) throw new RangeError('expected at least one value to choose from')
    return value
  }

  /** 16 bytes in hexadecimal digits: never the same twice in one run. */
  nonce(): string {
    return Array.from({ length: 4 }, () => this.between(0, 0xffff_ffff).toString(16).padStart(8, '0')).join('')
  }
}

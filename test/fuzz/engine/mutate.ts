/** Changes inputs by chance. The same seed gives the same inputs. */

/** A generator of numbers by chance: xorshift32 (Marsaglia 2003). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }
}

/** Bytes at which parsers differ. */
const INTERESTING = Buffer.from('\0\t\n\r "#%&\'()+,-./0:;<=>?@AZ[\\]^_`az{|}~\x7f\x80\x85\xa0\xad\xc0\xff', 'latin1')
const NUMBERS = ['0', '00', '-1', '1e9', '255', '256', '65536', '2147483648', '4294967296', '9007199254740993', '0x1']

export interface Material {
  readonly corpus: readonly Buffer[]
  readonly dictionary: readonly Buffer[]
  readonly maxBytes: number
}

/** An input with one to five changes. */
export function mutate(input: Buffer, chance: Chance, material: Material): Buffer {
  let result = input
  for (let changes = 1 + chance.below(chance.below(5) + 1); changes > 0; changes--)
    result = change(result, chance, material)
  return result.length > material.maxBytes ? result.subarray(0, material.maxBytes) : result
}

function change(input: Buffer, chance: Chance, { corpus, dictionary }: Material): Buffer {
  const at = chance.below(input.length + 1)
  const length = Math.min(1 + chance.below(1 + chance.below(16)), input.length - at)
  switch (chance.below(11)) {
    case 0:
      return replaced(input, at, length, '')
    case 1:
      return replaced(input, at, Math.min(1, input.length - at), Buffer.of(chance.below(256)))
    case 2:
      return replaced(input, at, chance.below(2) && length > 0 ? 1 : 0, Buffer.of(chance.of([...INTERESTING])))
    case 3:
    case 4:
    case 5:
      return replaced(input, at, chance.below(3) === 0 ? length : 0, chance.of(dictionary))
    case 6: // again, at another place or at this one
      return replaced(input, chance.below(2) ? at : chance.below(input.length + 1), 0, input.subarray(at, at + length))
    case 7: // the beginning of this one, the end of another
      return crossed(input, at, chance.of(corpus), chance)
    case 8: // a piece of another
      return replaced(input, at, chance.below(2) ? length : 0, pieceOf(chance.of(corpus), chance))
    case 9:
      return replaced(input, at, length, chance.of(NUMBERS))
    default:
      return flipped(input, at, chance)
  }
}

function replaced(input: Buffer, at: number, length: number, by: Buffer | string): Buffer {
  const middle = typeof by === 'string' ? Buffer.from(by, 'latin1') : by
  return Buffer.concat([input.subarray(0, at), middle, input.subarray(at + length)])
}

const crossed = (input: Buffer, at: number, other: Buffer, chance: Chance) =>
  Buffer.concat([input.subarray(0, at), other.subarray(chance.below(other.length + 1))])

function pieceOf(other: Buffer, chance: Chance): Buffer {
  const at = chance.below(other.length + 1)
  return other.subarray(at, at + 1 + chance.below(32))
}

/** One bit: another case of a letter, a byte beyond ASCII. */
function flipped(input: Buffer, at: number, chance: Chance): Buffer {
  if (at >= input.length) return input
  const copy = Buffer.from(input)
  copy[at] = (copy[at] as number) ^ (1 << chance.below(8))
  return copy
}

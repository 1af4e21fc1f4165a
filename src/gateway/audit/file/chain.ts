import { createHash, createHmac } from 'node:crypto'

/**
 * The hash chain of a file of the trail. A line is the JSON of an event with three more members at its end:
 * `…,"chain_seq":7,"prev":"<hash of line 6>","hash":"<hash of this line>"}`. The hash is SHA-256, or HMAC-SHA-256 with the
 * key of the chain, in hexadecimal, of all bytes of the line before `,"hash"`. So each hash covers its event, its number,
 * and through `prev` every line before it.
 */

/** The last line of a chain. */
export interface ChainState {
  /** Number of the line in the chain, from 1; 0 before the first one. */
  readonly seq: number
  readonly hash: string
}

export const GENESIS: ChainState = { seq: 0, hash: '0'.repeat(64) }

const END = /,"chain_seq":(\d{1,15}),"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/

export const hashOf = (text: string, key: string | undefined): string =>
  (key === undefined ? createHash('sha256') : createHmac('sha256', key)).update(text).digest('hex')

/** @param json One JSON object with at least one member. @returns the line, and the state after it */
export function chainLine(
  json: string,
  state: ChainState,
  key: string | undefined,
): { line: string; state: ChainState } {
  const seq = state.seq + 1
  const covered = `${json.slice(0, -1)},"chain_seq":${seq},"prev":"${state.hash}"`
  const hash = hashOf(covered, key)
  return { line: `${covered},"hash":"${hash}"}`, state: { seq, hash } }
}

export interface ChainedLine extends ChainState {
  readonly prev: string
  /** The bytes that the hash covers. */
  readonly covered: string
}

/** The chain members of a line; undefined where it has none in their one form. */
export function readChained(line: string): ChainedLine | undefined {
  const match = END.exec(line)
  if (!match) return undefined
  const [, seq, prev = '', hash = ''] = match
  return { seq: Number(seq), prev, hash, covered: line.slice(0, line.length - HASH_MEMBER) }
}

/** Length of `,"hash":"<64 digits>"}`. */
const HASH_MEMBER = 9 + 64 + 2

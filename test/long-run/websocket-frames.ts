/** Text frames of a WebSocket (RFC 6455 §5.2), unfragmented and up to 65,535 bytes: what the long run sends. */

const TEXT = 0x81
const CLOSE = 0x88
const MASKED = 0x80

/** @param mask Four bytes; clients mask, servers do not. */
export function textFrame(text: string, mask?: Buffer): Buffer {
  return frame(TEXT, Buffer.from(text), mask)
}

export const closeFrame = (mask?: Buffer): Buffer => frame(CLOSE, Buffer.of(0x03, 0xe8), mask)

function frame(opcode: number, payload: Buffer, mask: Buffer | undefined): Buffer {
  const bit = mask === undefined ? 0 : MASKED
  const head =
    payload.length < 126
      ? Buffer.of(opcode, bit | payload.length)
      : Buffer.of(opcode, bit | 126, payload.length >> 8, payload.length & 0xff)
  return Buffer.concat(mask === undefined ? [head, payload] : [head, mask, unmask(payload, mask)])
}

const unmask = (payload: Buffer, mask: Buffer) => Buffer.from(payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0)))

/** Takes bytes as they come, and gives the texts of whole frames. `closed` after a close frame. */
export class FrameReader {
  closed = false
  #rest: Buffer = Buffer.alloc(0)

  /** @throws Error if the bytes are no frame of the kind that this file writes */
  read(bytes: Buffer): string[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const texts: string[] = []
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.opcode === CLOSE) this.closed = true
      else texts.push(next.payload.toString())
    }
    return texts
  }

  #next(): { opcode: number; payload: Buffer } | undefined {
    const [opcode, length] = this.#rest
    if (opcode === undefined || length === undefined) return undefined
    if (opcode !== TEXT && opcode !== CLOSE)
      throw new Error(`expected a text or close frame, got 0x${opcode.toString(16)}`)
    const size = length & 0x7f
    if (size === 127) throw new Error('expected a frame of at most 65,535 bytes')
    let at = 2
    if (size === 126) at += 2
    if (this.#rest.length < at) return undefined
    const bytes = size === 126 ? this.#rest.readUInt16BE(2) : size
    const mask = (length & MASKED) === 0 ? undefined : this.#rest.subarray(at, at + 4)
    if (mask !== undefined) at += 4
    if (this.#rest.length < at + bytes) return undefined
    const payload = this.#rest.subarray(at, at + bytes)
    this.#rest = this.#rest.subarray(at + bytes)
    return { opcode, payload: mask === undefined ? payload : unmask(payload, mask) }
  }
}

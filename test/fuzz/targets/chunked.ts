import { ChunkedDecoder } from '../../../src/gateway/upstream/chunked-decoder.ts'
import { UpstreamError } from '../../../src/gateway/upstream/errors.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import { responseComparisons } from '../parts/responses.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

interface Decoded {
  readonly body: string
  /** Bytes that belong to the body; -1: it has not ended. */
  readonly used: number
  readonly trailers: readonly string[]
}

/** Decodes pieces; undefined: invalid. */
function decode(pieces: readonly Buffer[]): Decoded | undefined {
  const decoder = new ChunkedDecoder()
  let [body, before] = ['', 0]
  const receiver = {
    piece(bytes: Buffer) {
      body += bytes.toString('latin1')
    },
  }
  try {
    for (const piece of pieces) {
      const used = decoder.push(piece, receiver)
      if (used >= 0) return { body, used: before + used, trailers: decoder.trailers }
      before += piece.length
    }
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'invalid') return undefined
    throw error
  }
  return { body, used: -1, trailers: [] }
}

export const target: FuzzTarget = {
  seeds: [
    '\x020\r\n\r\n',
    '\x043\r\nabc\r\n0\r\n\r\n',
    '\x10A;ext="x"\r\n0123456789\r\n1\r\nz\r\n000\r\nX-T: a\r\nX-U: b\r\n\r\n',
    '\x015\r\nabc\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK',
  ],
  dictionary: [
    '\r\n',
    '0\r\n\r\n',
    '\n',
    '\r',
    ';',
    '=',
    '"',
    '+',
    '0x',
    ' ',
    '\t',
    'ffffffffffff',
    '1\r\na\r\n',
    'X-T: 1\r\n',
    'Content-Length: 1\r\n',
  ],
  invariants: [
    'whole, cut anywhere, and byte by byte, it is the same body with the same end, or none',
    'Node, h11 and http.client read the same body',
  ],
  check(input) {
    const bytes = input.subarray(1)
    const cut = (input[0] ?? 0) % (bytes.length + 1)
    const whole = JSON.stringify(decode([bytes]))
    const inTwo = JSON.stringify(
      decode([bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0)),
    )
    const single = JSON.stringify(decode(Array.from(bytes, (byte) => Buffer.of(byte))))
    must(inTwo === whole, 'in two pieces it is the same', () => `${inTwo} for ${whole}`)
    must(single === whole, 'byte by byte it is the same', () => `${single} for ${whole}`)
    return whole !== undefined
  },
  compare(input) {
    const bytes = input.subarray(1)
    const decoded = decode([bytes])
    if (decoded === undefined || decoded.used < 0) return []
    const response = Buffer.concat([Buffer.from(HEAD), bytes.subarray(0, decoded.used)])
    return responseComparisons(response, 'GET', {
      status: 200,
      headers: [],
      body: decoded.body,
      trailers: [],
      upgraded: false,
    })
  },
}

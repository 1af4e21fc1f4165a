import { UpstreamError } from '../../../src/gateway/upstream/errors.ts'
import { ResponseReader } from '../../../src/gateway/upstream/response-reader.ts'
import { type FuzzTarget, must } from '../engine/target.ts'
import { type ReadResponse, responseComparisons } from '../parts/responses.ts'

const MAX_HEAD = 512
const OK = 'HTTP/1.1 200 OK\r\n'

/** What a reader found when the connection had ended. */
type Outcome = ReadResponse | 'invalid' | 'incomplete'

/** Reads a response in pieces. */
function readPieces(pieces: readonly Buffer[], method: string): Outcome {
  let [body, ended, upgraded]: [string, boolean, boolean] = ['', false, false]
  let headers: readonly string[] = []
  let trailers: readonly string[] = []
  let status = 0
  const reader = new ResponseReader(MAX_HEAD, {
    information() {},
    head: (head) => {
      ;({ status, headers } = head)
    },
    upgraded: (head) => {
      ;({ status, headers } = head)
      upgraded = true
    },
    piece: (bytes) => {
      body += bytes.toString('latin1')
    },
    end: (last, found) => {
      body += last?.toString('latin1') ?? ''
      trailers = found
      ended = true
      reader.stop()
    },
  })
  reader.start(method)
  try {
    for (const piece of pieces) {
      if (ended) return 'invalid' // what follows the end of a response belongs to nobody
      reader.read(piece)
    }
  } catch (error) {
    if (error instanceof UpstreamError && error.kind === 'invalid') return 'invalid'
    throw error
  }
  return ended || reader.endsWithConnection ? { status, headers, body, trailers, upgraded } : 'incomplete'
}

/** The first byte chooses the method, the second where the bytes are cut. */
function parts(input: Buffer) {
  const method = input[0] === 0x48 ? 'HEAD' : 'GET'
  const bytes = input.subarray(2)
  const cut = (input[1] ?? 0) % (bytes.length + 1)
  return { method, bytes, cut }
}

export const target: FuzzTarget = {
  seeds: [
    `G\x05${OK}Content-Length: 3\r\nX-A: b\r\n\r\nabc`,
    `G\x30${OK}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    `H\x10${OK}Content-Length: 3\r\n\r\n`,
    'G\x20HTTP/1.0 200 OK\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\nbody',
    `G\x08HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n${OK}Content-Length: 0\r\nKeep-Alive: timeout=5\r\n\r\n`,
    'G\x01HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n',
    'G\x01HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nxyz',
  ],
  dictionary: [
    '\r\n',
    '\r\n\r\n',
    ' \r\n',
    '\n',
    ': ',
    'HTTP/1.1 ',
    'HTTP/1.0 ',
    '200',
    '204',
    '100',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    'Connection: close',
    ', ',
    '0\r\n\r\n',
    ';',
    '\t',
    '\x0b',
    '\x85',
  ],
  invariants: [
    'whole, cut in two, and byte by byte, the bytes are the same response, or none',
    'no control character in a name or a value, no name that is no token',
    'every other parser reads the same status, end-to-end fields and body',
  ],
  check(input) {
    const { method, bytes, cut } = parts(input)
    const whole = readPieces([bytes], method)
    const inTwo = readPieces(
      [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0),
      method,
    )
    const single = readPieces(
      Array.from(bytes, (byte) => Buffer.of(byte)),
      method,
    )
    must(
      JSON.stringify(inTwo) === JSON.stringify(whole),
      'in two pieces it is the same',
      () => `${JSON.stringify(inTwo)} for ${JSON.stringify(whole)}`,
    )
    must(
      JSON.stringify(single) === JSON.stringify(whole),
      'byte by byte it is the same',
      () => `${JSON.stringify(single)} for ${JSON.stringify(whole)}`,
    )
    if (typeof whole === 'string') return false
    for (const text of [...whole.headers, ...whole.trailers])
      must(!/[\0-\x08\x0a-\x1f\x7f]/.test(text), 'no control character in a field', () => JSON.stringify(text))
    return true
  },
  compare(input) {
    const { method, bytes } = parts(input)
    const whole = readPieces([bytes], method)
    return typeof whole === 'string' || whole.upgraded ? [] : responseComparisons(bytes, method, whole)
  },
}

import { crc32, type InputType, inflate, inflateRaw, type ZlibOptions } from 'node:zlib'
import { Refusal } from '../../../errors.ts'
import { malformed } from '../body/malformed.ts'

/**
 * Undoes the `Content-Encoding` of a body. Decoders disagree about what may follow the compressed data (a second gzip
 * member, zero bytes, anything), so exactly one stream is accepted and nothing after it.
 * @param maxBytes Longest result.
 * @throws Refusal `body-malformed`, `body-too-large`
 * @see RFC 1952 §2.2 (gzip), RFC 1950 §2.2 (deflate; some clients send it without that header, RFC 1951)
 */
export async function decompress(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  const coding = encoding?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return body
  if (coding === 'gzip') return await gunzipOne(body, maxBytes)
  if (coding === 'deflate') return await inflateOne(body, maxBytes)
  throw malformed('Content-Encoding: expected gzip, deflate or none')
}

const FLAG_CRC = 2
const FLAG_EXTRA = 4
const FLAG_NAME = 8
const FLAG_COMMENT = 16
const FLAGS_RESERVED = 0xe0
const TRAILER_BYTES = 8

async function gunzipOne(body: Buffer, maxBytes: number): Promise<Buffer> {
  const start = gzipHeaderEnd(body)
  const { output, consumed } = await run(inflateRaw, body.subarray(start), maxBytes)
  const trailer = body.subarray(start + consumed)
  const isWhole =
    trailer.length === TRAILER_BYTES &&
    trailer.readUInt32LE(0) === crc32(output) &&
    trailer.readUInt32LE(4) === output.length % 2 ** 32
  if (!isWhole) throw malformed('body: expected exactly one gzip member and nothing after it')
  return output
}

/** The bytes before the deflate stream: optional fields are skipped as they announce themselves. */
function gzipHeaderEnd(body: Buffer): number {
  const flags = body[3] ?? 0
  const isGzip = body.length >= 10 && body[0] === 0x1f && body[1] === 0x8b && body[2] === 8
  if (!isGzip || (flags & FLAGS_RESERVED) !== 0) throw malformed('body: expected gzip data')
  let at = 10
  if (flags & FLAG_EXTRA) at += 2 + (at + 2 <= body.length ? body.readUInt16LE(at) : body.length)
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue
    const end = body.indexOf(0, at)
    at = end === -1 ? body.length : end + 1
  }
  if (flags & FLAG_CRC) at += 2
  if (at > body.length) throw malformed('body: expected gzip data')
  return at
}

/** With the zlib header or without it, in MLflow's order. */
async function inflateOne(body: Buffer, maxBytes: number): Promise<Buffer> {
  const { output, consumed } = await run(inflate, body, maxBytes).catch((error: unknown) => {
    if (error instanceof Refusal && error.reason === 'body-too-large') throw error
    return run(inflateRaw, body, maxBytes)
  })
  if (consumed !== body.length) throw malformed('body: expected deflate data and nothing after it')
  return output
}

type Decoder = (buffer: InputType, options: ZlibOptions, callback: Done) => void
type Done = (error: Error | null, result: object) => void
/** What zlib returns with the option `info`. */
interface Inflated {
  readonly buffer: Buffer
  /** `bytesWritten`: how much of its input zlib has read. */
  readonly engine: { readonly bytesWritten: number }
}

/** Decodes off the event loop. */
function run(decode: Decoder, input: Buffer, maxBytes: number): Promise<{ output: Buffer; consumed: number }> {
  return new Promise((resolve, reject) => {
    decode(input, { maxOutputLength: maxBytes, info: true }, (error, result) => {
      if (error) return reject(faultOf(error, maxBytes))
      const { buffer, engine } = result as Inflated
      resolve({ output: buffer, consumed: engine.bytesWritten })
    })
  })
}

function faultOf(error: NodeJS.ErrnoException, maxBytes: number): Refusal {
  if (error.code === 'ERR_BUFFER_TOO_LARGE')
    return new Refusal('body-too-large', `the body exceeds ${maxBytes} bytes once decompressed`)
  return malformed('body: expected the compression that Content-Encoding names')
}

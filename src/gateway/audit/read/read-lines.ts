import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

/** Longer than any line of the trail; a longer one is something else, and is not kept in memory. */
const MAX_LINE_BYTES = 1_048_576

export interface FileLine {
  readonly text: string
  /** From 1. */
  readonly number: number
  /** False: the file ends without a line break after it. */
  readonly isComplete: boolean
  /** Set where the line was too long to be read, or is not UTF-8: `text` is empty then. */
  readonly problem?: 'too-long' | 'not-utf8'
}

/** The lines of a file, or of a compressed one (`.gz`), one at a time. @throws the error of the system */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  const source = createReadStream(path)
  const stream: AsyncIterable<Buffer> = path.endsWith('.gz') ? unzipped(source) : source
  let [number, rest, isSkipped] = [0, Buffer.alloc(0), false]
  for await (const chunk of stream) {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      number += 1
      const bytes = rest.length === 0 ? chunk.subarray(from, end) : Buffer.concat([rest, chunk.subarray(from, end)])
      yield lineOf(bytes, number, true, isSkipped)
      ;[rest, isSkipped, from] = [Buffer.alloc(0), false, end + 1]
    }
    if (rest.length + chunk.length - from > MAX_LINE_BYTES) isSkipped = true
    else if (!isSkipped) rest = Buffer.concat([rest, chunk.subarray(from)])
    if (isSkipped) rest = Buffer.alloc(0)
  }
  if (rest.length > 0 || isSkipped) yield lineOf(rest, number + 1, false, isSkipped)
}

/** Errors of the file end the stream that is read, too. */
function unzipped(source: ReturnType<typeof createReadStream>) {
  const unzip = createGunzip()
  source.on('error', (error) => unzip.destroy(error))
  return source.pipe(unzip)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function lineOf(bytes: Uint8Array, number: number, isComplete: boolean, isTooLong: boolean): FileLine {
  if (isTooLong) return { text: '', number, isComplete, problem: 'too-long' }
  try {
    return { text: utf8.decode(bytes), number, isComplete }
  } catch {
    return { text: '', number, isComplete, problem: 'not-utf8' }
  }
}

/** A response as it came over a raw connection. */
export interface RawResponse {
  readonly status: number
  /** By lower-case name; of repeated fields the last one. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const END = '\r\n\r\n'

/** Splits what a connection receives into responses, in their order. Knows no trailers and no interim responses. */
export class ResponseParser {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws Error if the bytes are no response */
  read(bytes: Buffer): RawResponse[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const responses: RawResponse[] = []
    for (let next = this.#next(); next !== undefined; next = this.#next()) responses.push(next)
    return responses
  }

  /** What is left of a response that is not complete. */
  get rest(): Buffer {
    return this.#rest
  }

  #next(): RawResponse | undefined {
    const end = this.#rest.indexOf(END)
    if (end < 0) return undefined
    const { status, headers } = headOf(this.#rest.toString('latin1', 0, end))
    const after = this.#rest.subarray(end + END.length)
    const body = headers['transfer-encoding'] === 'chunked' ? chunked(after) : sized(after, headers['content-length'])
    if (body === undefined) return undefined
    this.#rest = after.subarray(body.taken)
    return { status, headers, body: body.bytes }
  }
}

/** The status and the fields. @throws Error if the text is no head of a response */
export function headOf(text: string): Pick<RawResponse, 'status' | 'headers'> {
  const [line = '', ...fields] = text.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]
  if (status === undefined) throw new Error(`expected a status line, got ${JSON.stringify(line.slice(0, 60))}`)
  const pairs = fields.map((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
  })
  return { status: Number(status), headers: Object.fromEntries(pairs) }
}

interface Body {
  readonly bytes: Buffer
  /** Bytes on the connection. */
  readonly taken: number
}

function sized(after: Buffer, length: string | undefined): Body | undefined {
  const taken = Number(length ?? 0)
  return after.length < taken ? undefined : { bytes: after.subarray(0, taken), taken }
}

function chunked(after: Buffer): Body | undefined {
  const pieces: Buffer[] = []
  let at = 0
  for (;;) {
    const line = after.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(after.toString('latin1', at, line), 16)
    const end = line + 2 + size
    if (after.length < end + 2) return undefined
    pieces.push(after.subarray(line + 2, end))
    at = end + 2
    if (size === 0) return { bytes: Buffer.concat(pieces), taken: at }
  }
}

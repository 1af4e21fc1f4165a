import { Refusal } from '../errors.ts'
import { askForBody } from '../http/expect.ts'
import { readBody } from '../http/read-body.ts'
import type { Transport } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'

const MAX_BYTES = 8192

/** Fields of a form or of one JSON object, each a string or null. No body has no fields. */
export type Fields = Readonly<Record<string, string | null>>

export type BodyKind = 'form' | 'json' | 'other'

export function bodyKindOf({ headers }: Pick<RequestHead, 'headers'>): BodyKind {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return 'form'
  return type === 'application/json' ? 'json' : 'other'
}

/**
 * Reads the small body of a request to one of the gateway's own endpoints.
 * @param wholeMs Longest time for all of it: anybody may send here, and nothing else ends a body that never comes.
 * @throws Refusal body-malformed: another content type or coding, a list, a repeated or nested field; body-too-large;
 * request-timeout
 */
export async function readFields(head: RequestHead, transport: Transport, wholeMs: number): Promise<Fields> {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-encoding': encoding } = head.headers
  if ((length === undefined || length === '0') && coding === undefined) return {}
  const kind = bodyKindOf(head)
  if (kind === 'other') throw new Refusal('body-malformed', 'body: expected a form or a JSON object')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Refusal('body-malformed', 'body: expected no Content-Encoding')
  askForBody(transport.request, transport.response)
  const body = await readBody(transport.request, {
    maxBytes: MAX_BYTES,
    pace: { windowMs: wholeMs, minBytesPerSecond: 0 },
    wholeMs,
  })
  return kind === 'form' ? parseForm(body.toString('utf8')) : parseJson(body.toString('utf8'))
}

function parseForm(text: string): Fields {
  const fields = [...new URLSearchParams(text)]
  const names = new Set(fields.map(([name]) => name))
  if (names.size !== fields.length) throw new Refusal('body-malformed', 'body: expected every field once')
  return Object.fromEntries(fields)
}

function parseJson(text: string): Fields {
  const value = parsed(text)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Refusal('body-malformed', 'body: expected an object of fields')
  const fields = Object.entries(value).map(([name, field]: [string, unknown]) => {
    if (typeof field === 'string' || field === null) return [name, field] as const
    throw new Refusal('body-malformed', 'body: expected every field as a string')
  })
  return Object.fromEntries(fields)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal('body-malformed', 'the body could not be parsed')
  }
}

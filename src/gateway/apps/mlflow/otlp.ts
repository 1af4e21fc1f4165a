import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { Refusal } from '../../errors.ts'
import { isAuthorKey, isBookkeeping } from './reserved-keys.ts'
import { isObject, JsonError, type JsonValue, parseJsonObject } from './strict-json.ts'

/**
 * MLflow turns attributes `mlflow.traceTag.<key>` of an exported root span, and attributes of its resource, into tags
 * of the trace, so reserved keys are refused there as well. Nothing is rewritten.
 * @see OpenTelemetry Protocol 1.x, trace/v1/trace.proto, common/v1/common.proto
 */
const TAG_PREFIX = 'mlflow.traceTag.'
const PROTOBUF = 'application/x-protobuf'

export interface OtlpLimits {
  /** Bytes of an export once decompressed. */
  readonly otlp: number
  /** Bytes of an export in JSON, which is parsed completely; protobuf is only walked. */
  readonly json: number
}

/** @throws Refusal `body-malformed`, `body-refused`, `body-too-large` */
export function checkOtlp(
  body: Buffer,
  type: string | undefined,
  encoding: string | undefined,
  limits: OtlpLimits,
): void {
  const plain = decompress(body, encoding, limits.otlp)
  const mediaType = type?.split(';')[0]?.trim()
  if (mediaType === PROTOBUF) readMessage(plain, EXPORT_REQUEST)
  else if (mediaType === 'application/json') checkJsonKeys(parseJson(plain, limits.json))
  else throw malformed(`Content-Type: expected ${PROTOBUF} or application/json`)
}

const malformed = (explain: string) => new Refusal('body-malformed', explain, { explain })

function checkKey(key: string): void {
  const tag = key.startsWith(TAG_PREFIX) ? key.slice(TAG_PREFIX.length) : key
  if (!isBookkeeping(tag) && !(tag !== key && isAuthorKey(tag))) return
  const explain = 'attributes: expected no key that MLflow reserves'
  throw new Refusal('body-refused', explain, { explain })
}

/** Tries MLflow's decoders in MLflow's order. */
function decompress(body: Buffer, encoding: string | undefined, maxOutputLength: number): Buffer {
  const decoders = { gzip: [gunzipSync], deflate: [inflateSync, inflateRawSync] }[encoding?.toLowerCase() ?? '']
  if (encoding === undefined || encoding === '') return body
  if (!decoders) throw malformed('Content-Encoding: expected gzip, deflate or none')
  for (const decode of decoders) {
    try {
      return decode(body, { maxOutputLength })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        throw new Refusal('body-too-large', `OTLP export exceeds ${maxOutputLength} bytes once decompressed`)
    }
  }
  throw malformed(`body: expected ${encoding} data`)
}

function parseJson(body: Buffer, maxBytes: number): JsonValue {
  if (body.length > maxBytes) throw new Refusal('body-too-large', `OTLP export in JSON exceeds ${maxBytes} bytes`)
  try {
    return parseJsonObject(body)
  } catch (error) {
    if (error instanceof JsonError) throw malformed(error.message)
    throw error
  }
}

/** Checks every `key` of OTLP JSON, at any depth. */
function checkJsonKeys(value: JsonValue): void {
  if (Array.isArray(value)) for (const item of value) checkJsonKeys(item)
  if (!isObject(value)) return
  if (typeof value.key === 'string') checkKey(value.key)
  for (const item of Object.values(value)) checkJsonKeys(item)
}

/** What the length-delimited fields of a message contain: another message, or an attribute's key. */
interface Shape {
  readonly [field: number]: Shape | 'key'
}
const KEY_VALUE: Shape = { 1: 'key' }
const RESOURCE: Shape = { 1: KEY_VALUE }
const SPAN: Shape = { 9: KEY_VALUE }
const SCOPE_SPANS: Shape = { 2: SPAN }
const RESOURCE_SPANS: Shape = { 1: RESOURCE, 2: SCOPE_SPANS }
const EXPORT_REQUEST: Shape = { 1: RESOURCE_SPANS }

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5
const MAX_FIELD = 2 ** 29 - 1

/** Walks a protobuf message. Refuses what no exporter writes: groups, varints without end, truncated fields. */
function readMessage(bytes: Buffer, shape: Shape): void {
  const cursor = { bytes, at: 0 }
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor)
    const field = Math.floor(tag / 8)
    if (field === 0 || field > MAX_FIELD) throw malformed('body: expected protobuf field numbers of 29 bits')
    const wireType = tag % 8
    if (wireType === VARINT) readVarint(cursor)
    else if (wireType === FIXED64) cursor.at += 8
    else if (wireType === FIXED32) cursor.at += 4
    else if (wireType === LENGTH) readField(cursor, shape[field])
    else throw malformed('body: expected no protobuf groups')
    if (cursor.at > bytes.length) throw malformed('body: expected complete protobuf fields')
  }
}

interface Cursor {
  readonly bytes: Buffer
  at: number
}

function readField(cursor: Cursor, what: Shape | 'key' | undefined): void {
  const end = readVarint(cursor) + cursor.at
  if (end > cursor.bytes.length) throw malformed('body: expected complete protobuf fields')
  const content = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  if (what === 'key') checkKey(content.toString('utf8'))
  else if (what !== undefined) readMessage(content, what)
}

/** At most 10 bytes. Exact up to 2^53; larger values are only skipped, or refused as too long. */
function readVarint(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (let count = 0; count < 10; count++) {
    const byte = cursor.bytes[cursor.at++]
    if (byte === undefined) throw malformed('body: expected complete protobuf fields')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  throw malformed('body: expected protobuf varints of at most 10 bytes')
}

import { isUtf8 } from 'node:buffer'
import { malformed } from '../body/malformed.ts'
import type { Field, Message } from './messages.ts'

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5
const WIRE_TYPES = { varint: VARINT, fixed64: FIXED64, fixed32: FIXED32, string: LENGTH, bytes: LENGTH } as const
const MAX_FIELD = 2 ** 29 - 1
/** Protobuf's own limit in Python. */
const MAX_DEPTH = 100

interface Reading {
  readonly from: Buffer
  at: number
  readonly to: Buffer
  written: number
  depth: number
  readonly checkKey: (key: string) => void
}

/**
 * Reads a protobuf message and writes what was read: known fields with their own wire type, each singular one once, in
 * its shortest form. What an upstream decodes is exactly what was checked here. Unknown fields are dropped; what no
 * exporter writes (groups, a field given twice, cut fields, text that is not UTF-8) is refused.
 * @param checkKey Called with every key that becomes a tag. @throws what `checkKey` throws
 * @throws Refusal `body-malformed`
 */
export function rewriteProtobuf(bytes: Buffer, message: Message, checkKey: (key: string) => void): Buffer {
  // Nothing that is written is longer than what was read.
  const reading = { from: bytes, at: 0, to: Buffer.allocUnsafe(bytes.length), written: 0, depth: 0, checkKey }
  copyMessage(reading, tableOf(message), bytes.length)
  return reading.to.subarray(0, reading.written)
}

interface Table {
  readonly byNumber: readonly (Field | undefined)[]
  readonly oneOf: boolean
}
const tables = new WeakMap<Message, Table>()

function tableOf(message: Message): Table {
  const known = tables.get(message)
  if (known) return known
  const byNumber: (Field | undefined)[] = []
  for (const field of message.fields) byNumber[field.number] = field
  const table = { byNumber, oneOf: message.oneOf }
  tables.set(message, table)
  return table
}

function copyMessage(reading: Reading, table: Table, end: number): void {
  if (++reading.depth > MAX_DEPTH) throw malformed(`body: expected at most ${MAX_DEPTH} nested messages`)
  let seen = 0
  while (reading.at < end) {
    const tag = readNumber(reading, end)
    const number = Math.floor(tag / 8)
    const wireType = tag % 8
    if (number === 0 || number > MAX_FIELD) throw malformed('body: expected protobuf field numbers of 29 bits')
    const field = table.byNumber[number]
    if (field === undefined || wireTypeOf(field) !== wireType) skip(reading, wireType, end)
    else {
      writeNumber(reading, tag)
      copyField(reading, field, end)
      if (field.repeated) continue
      const mark = table.oneOf ? 1 : 1 << number
      if ((seen & mark) !== 0) throw malformed('body: expected every singular protobuf field once')
      seen |= mark
    }
  }
  reading.depth--
}

const wireTypeOf = ({ type }: Field) => (typeof type === 'object' ? LENGTH : WIRE_TYPES[type])

function copyField(reading: Reading, field: Field, end: number): void {
  if (typeof field.type === 'object') copyNested(reading, field.type, end)
  else if (field.type === 'varint') copyVarint(reading, end)
  else copyBytes(reading, field, end)
}

function copyBytes(reading: Reading, { type, tagKey }: Field, end: number): void {
  const length = type === 'fixed64' ? 8 : type === 'fixed32' ? 4 : readNumber(reading, end)
  const content = take(reading, length, end)
  if (type === 'string' && !isUtf8(content)) throw malformed('body: expected UTF-8 in every text')
  if (tagKey) reading.checkKey(content.toString('utf8'))
  if (type === 'string' || type === 'bytes') writeNumber(reading, length)
  reading.to.set(content, reading.written)
  reading.written += length
}

/** The length is known only once the fields are copied: it shrinks with what was dropped. */
function copyNested(reading: Reading, message: Message, end: number): void {
  const length = readNumber(reading, end)
  const nestedEnd = reading.at + length
  if (nestedEnd > end) throw cut()
  const lengthAt = reading.written
  writeNumber(reading, length)
  const start = reading.written
  copyMessage(reading, tableOf(message), nestedEnd)
  const copied = reading.written - start
  if (copied === length) return
  reading.written = lengthAt
  writeNumber(reading, copied)
  reading.to.copyWithin(reading.written, start, start + copied)
  reading.written += copied
}

function take(reading: Reading, length: number, end: number): Buffer {
  const start = reading.at
  if (length > end - start) throw cut()
  reading.at += length
  return reading.from.subarray(start, reading.at)
}

function skip(reading: Reading, wireType: number, end: number): void {
  if (wireType === VARINT) varintEnd(reading, end)
  else if (wireType === FIXED64) take(reading, 8, end)
  else if (wireType === FIXED32) take(reading, 4, end)
  else if (wireType === LENGTH) take(reading, readNumber(reading, end), end)
  else throw malformed('body: expected no protobuf groups')
}

const cut = () => malformed('body: expected complete protobuf fields')

/** Moves behind a varint of at most 64 bits. */
function varintEnd(reading: Reading, end: number): number {
  for (let count = 1; count <= 10; count++) {
    if (reading.at >= end) throw cut()
    const byte = reading.from[reading.at++] as number
    if (count === 10 && byte > 1) break
    if (byte < 0x80) return reading.at
  }
  throw malformed('body: expected protobuf varints of at most 64 bits')
}

/** Copies a varint bit by bit, without the empty groups that make it longer than it must be. */
function copyVarint(reading: Reading, end: number): void {
  const start = reading.at
  let last = varintEnd(reading, end) - 1
  while (last > start && (reading.from[last] as number) % 0x80 === 0) last--
  for (let at = start; at <= last; at++) {
    const group = (reading.from[at] as number) & 0x7f
    reading.to[reading.written++] = at < last ? group | 0x80 : group
  }
}

/** A tag or a length: exact up to 2^53, and anything near it is refused as cut. */
function readNumber(reading: Reading, end: number): number {
  let at = reading.at
  let value = 0
  let scale = 1
  varintEnd(reading, end)
  for (; at < reading.at; at++) {
    value += ((reading.from[at] as number) & 0x7f) * scale
    scale *= 0x80
  }
  return value
}

function writeNumber(reading: Reading, number: number): void {
  let rest = number
  while (rest > 0x7f) {
    reading.to[reading.written++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  reading.to[reading.written++] = rest
}

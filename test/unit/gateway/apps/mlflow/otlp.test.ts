import assert from 'node:assert/strict'
import test from 'node:test'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { checkOtlp } from '../../../../../src/gateway/apps/mlflow/otlp.ts'
import { refusalOf } from './fixtures.ts'

const PROTOBUF = 'application/x-protobuf'
const MAX = 10_000
const LIMITS = { otlp: MAX, json: 1000 }

/** A length-delimited protobuf field (below 128 bytes). */
const field = (number: number, ...content: (Buffer | string)[]): Buffer => {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part as string)))
  assert.ok(bytes.length < 128 && number < 16)
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
}
const attribute = (key: string) => field(9, field(1, key), field(2, field(1, 'v')))
const span = (...attributes: Buffer[]) => field(1, field(2, field(2, ...attributes)))
const onSpan = (key: string) => span(attribute(key))
const onResource = (key: string) => field(1, field(1, field(1, field(1, key))))
const asJson = (key: string) =>
  Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key }] }] }] }] }))

const LOCATION = 'mlflow.traceTag.mlflow.artifactLocation'
const reasonOf = (body: Buffer, type: string | undefined = PROTOBUF, encoding?: string) =>
  refusalOf(() => checkOtlp(body, type, encoding, LIMITS)).reason

const refused: [string, Buffer, string?, string?][] = [
  ['a tag that says where a trace’s artifacts lie', onSpan(LOCATION)],
  ['a tag that says where archived spans lie', onSpan('mlflow.traceTag.mlflow.trace.archiveLocation')],
  ['a tag that names the author', onSpan('mlflow.traceTag.mlflow.user')],
  ['it in other case, as MySQL would match it', onSpan('mlflow.traceTag.MLFLOW.artifactlocation')],
  ['it as an attribute of the resource', onResource('Mlflow.ArtifactLocation')],
  ['it on the second attribute', span(attribute('a'), attribute(LOCATION))],
  [
    'it as the second key of one attribute, where the last one counts',
    span(field(9, field(1, 'a'), field(1, LOCATION))),
  ],
  ['it compressed with gzip', gzipSync(onSpan(LOCATION)), PROTOBUF, 'gzip'],
  ['it compressed with deflate', deflateSync(onSpan(LOCATION)), PROTOBUF, 'Deflate'],
  ['it compressed with raw deflate', deflateRawSync(onSpan(LOCATION)), PROTOBUF, 'deflate'],
  ['it in JSON', asJson(LOCATION), 'application/json; charset=utf-8'],
]
for (const [name, body, type, encoding] of refused) {
  test(`refuses ${name}`, () => assert.equal(reasonOf(body, type, encoding), 'body-refused'))
}

const malformed: [string, Buffer, string?, string?][] = [
  ['a content type that MLflow does not read', onSpan('a'), 'text/plain'],
  ['a compression that MLflow does not read', onSpan('a'), PROTOBUF, 'br'],
  ['two compressions', onSpan('a'), PROTOBUF, 'gzip, gzip'],
  ['what is not gzip', onSpan('a'), PROTOBUF, 'gzip'],
  ['a cut field', onSpan('a').subarray(0, -1)],
  ['a cut number', Buffer.from([0x09, 1, 2, 3])],
  ['a group', Buffer.from([0x0b, 0x0c])],
  ['field number 0', Buffer.from([0x02, 0x00])],
  ['a field number beyond 29 bits, which some readers cut', Buffer.from([0x8a, 0x80, 0x80, 0x80, 0x10, 0x00])],
  ['a varint without end', Buffer.alloc(11, 0xff)],
  ['JSON with a repeated name', Buffer.from('{"resourceSpans":[],"resourceSpans":[]}'), 'application/json'],
]
for (const [name, body, type, encoding] of malformed) {
  test(`refuses ${name}`, () => assert.equal(reasonOf(body, type, encoding), 'body-malformed'))
}

test('refuses an absent content type', () => {
  assert.equal(refusalOf(() => checkOtlp(onSpan('a'), undefined, undefined, LIMITS)).reason, 'body-malformed')
})

test('what grows beyond the limit when decompressed is too large', () => {
  assert.equal(reasonOf(gzipSync(Buffer.alloc(MAX + 1)), PROTOBUF, 'gzip'), 'body-too-large')
})

test('JSON, which is parsed whole, has the smaller limit', () => {
  assert.equal(reasonOf(asJson('x'.repeat(1000)), 'application/json'), 'body-too-large')
})

test('ordinary spans pass: own tags, texts about reserved keys, numbers of every width', () => {
  const text = field(1, field(2, field(2, field(9, field(1, 'input'), field(2, field(1, LOCATION))))))
  const numbers = span(Buffer.from([0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0xff, 1, 0x4d, 1, 2, 3, 4]))
  for (const body of [onSpan('mlflow.traceTag.mine'), onSpan('mlflow.spanInputs'), text, numbers]) {
    assert.doesNotThrow(() => checkOtlp(body, PROTOBUF, undefined, LIMITS))
  }
  assert.doesNotThrow(() => checkOtlp(gzipSync(onSpan('a')), PROTOBUF, 'gzip', LIMITS))
  assert.doesNotThrow(() => checkOtlp(asJson('mlflow.traceTag.mine'), 'application/json', '', LIMITS))
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { rewriteExport } from '../../../../../../src/gateway/apps/mlflow/otlp/export.ts'
import { Refusal } from '../../../../../../src/gateway/errors.ts'

const PROTOBUF = 'application/x-protobuf'
const MAX = 10_000

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
const rewrite = (body: Buffer, type: string | undefined = PROTOBUF, encoding?: string) =>
  rewriteExport(body, { type, encoding }, MAX)
const reasonOf = (body: Buffer, type?: string, encoding?: string) =>
  rewrite(body, type, encoding).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.reason : error),
  )

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
  test(`refuses ${name}`, async () => assert.equal(await reasonOf(body, type, encoding), 'body-refused'))
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
  test(`refuses ${name}`, async () => assert.equal(await reasonOf(body, type, encoding), 'body-malformed'))
}

test('refuses an absent content type', async () => {
  const refusal = await rewriteExport(onSpan('a'), { type: undefined, encoding: undefined }, MAX).catch((e) => e)
  assert.equal(refusal.reason, 'body-malformed')
})

test('what grows beyond the limit when decompressed is too large', async () => {
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ] as const) {
    assert.equal(await reasonOf(compress(Buffer.alloc(MAX + 1)), PROTOBUF, encoding), 'body-too-large')
  }
})

test('JSON may be as large as protobuf', async () => {
  assert.equal(await reasonOf(asJson('x'.repeat(MAX - 200)), 'application/json'), 'accepted')
})

/*
 * Python's gzip skips zero bytes after a member and reads the next one; concatenated protobuf messages merge. An export
 * whose first member is harmless would so bring a second one that nobody has checked.
 */
const hidden = gzipSync(onSpan(LOCATION))
const harmless = gzipSync(onSpan('a'))
const smuggled: [string, Buffer, string][] = [
  ['a second gzip member', Buffer.concat([harmless, hidden]), 'gzip'],
  ['a second gzip member behind zero bytes', Buffer.concat([harmless, Buffer.alloc(3), hidden]), 'gzip'],
  ['zero bytes behind gzip data', Buffer.concat([harmless, Buffer.alloc(1)]), 'gzip'],
  ['any byte behind gzip data', Buffer.concat([harmless, Buffer.from('x')]), 'gzip'],
  ['gzip data with another checksum', Buffer.concat([harmless.subarray(0, -8), Buffer.alloc(8)]), 'gzip'],
  ['gzip data without its end', harmless.subarray(0, -1), 'gzip'],
  [
    'gzip with a reserved flag',
    Buffer.concat([harmless.subarray(0, 3), Buffer.from([0x20]), harmless.subarray(4)]),
    'gzip',
  ],
  [
    'a second stream behind deflate data',
    Buffer.concat([deflateSync(onSpan('a')), deflateSync(onSpan(LOCATION))]),
    'deflate',
  ],
  ['a byte behind raw deflate data', Buffer.concat([deflateRawSync(onSpan('a')), Buffer.alloc(1)]), 'deflate'],
]
for (const [name, body, encoding] of smuggled) {
  test(`refuses ${name}`, async () => assert.equal(await reasonOf(body, PROTOBUF, encoding), 'body-malformed'))
}

test('an optional gzip header is skipped: name, comment, extra field, checksum', async () => {
  const plain = onSpan('a')
  const raw = deflateRawSync(plain)
  const trailer = gzipSync(plain).subarray(-8)
  const header = Buffer.from([0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9, 0x61, 0, 0x62, 0, 1, 2])
  assert.deepEqual(await rewrite(Buffer.concat([header, raw, trailer]), PROTOBUF, 'gzip'), plain)
})

test('what is forwarded is what was checked: decompressed, in both encodings', async () => {
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['Deflate', deflateSync],
    ['deflate', deflateRawSync],
  ] as const) {
    assert.deepEqual(await rewrite(compress(onSpan('a')), PROTOBUF, encoding), onSpan('a'))
    assert.deepEqual(await rewrite(compress(asJson('a')), 'application/json', encoding), asJson('a'))
  }
})

const twice: [string, Buffer][] = [
  ['the key of an attribute', span(field(9, field(1, 'a'), field(1, 'b')))],
  ['the value of an attribute, which would merge', span(field(9, field(1, 'a'), field(2), field(2)))],
  ['the resource, which would merge', field(1, field(1), field(1))],
  ['the name of a span', span(field(5, 'a'), field(5, 'b'))],
  ['two members of one value', span(field(9, field(1, 'a'), field(2, field(1, 'v'), field(7, 'v'))))],
]
for (const [name, body] of twice) {
  test(`refuses ${name} given twice`, async () => assert.equal(await reasonOf(body), 'body-malformed'))
}

test('unknown fields, and known ones of another wire type, are dropped; lengths follow', async () => {
  const unknown = field(12, 'x'.repeat(100))
  const wrongType = Buffer.from([9 * 8 + 5, 1, 2, 3, 4])
  assert.deepEqual(await rewrite(span(unknown, attribute('a'), wrongType)), onSpan('a'))
})

test('numbers are written in their shortest form, with every bit', async () => {
  const droppedCount = (...bytes: number[]) => span(Buffer.from([0x50, ...bytes]))
  assert.deepEqual(await rewrite(droppedCount(0x81, 0x80, 0x00)), droppedCount(0x01))
  const largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
  assert.deepEqual(await rewrite(droppedCount(...largest)), droppedCount(...largest))
  assert.equal(await reasonOf(droppedCount(...largest.slice(0, -1), 0x02)), 'body-malformed')
  // A length with empty groups: the longer prefix must not survive either.
  assert.deepEqual(await rewrite(Buffer.from([0x0a, 0x80, 0x00])), Buffer.from([0x0a, 0x00]))
})

test('a text that is not UTF-8 is refused', async () => {
  assert.equal(await reasonOf(span(field(5, Buffer.from([0xff])))), 'body-malformed')
})

/** An attribute whose value is a list in a list, `depth` times. */
function nested(depth: number): Buffer {
  const long = (number: number, content: Buffer) =>
    Buffer.concat([Buffer.from([number * 8 + 2, (content.length % 128) | 128, content.length >> 7]), content])
  let value = Buffer.alloc(0)
  for (let level = 0; level < depth; level++) value = long(5, long(1, value))
  return long(1, long(2, long(2, long(9, Buffer.concat([field(1, 'a'), long(2, value)])))))
}
test('values may be nested as deep as Python decodes them, and no deeper', async () => {
  assert.equal(await reasonOf(nested(47)), 'accepted')
  assert.equal(await reasonOf(nested(48)), 'body-malformed')
})

const exportOf = (spans: object[], more: object = {}) =>
  Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }], ...more }] }))

test('of JSON only the names of the specification remain, and no null', async () => {
  const body = exportOf([
    { name: 'a', unheardOf: { key: LOCATION }, kind: null, startTimeUnixNano: '1', endTimeUnixNano: 2 },
  ])
  const rewritten = await rewrite(body, 'application/json')
  assert.deepEqual(rewritten, exportOf([{ name: 'a', startTimeUnixNano: '1', endTimeUnixNano: 2 }]))
})

const wrongJson: [string, Buffer][] = [
  ['names in another spelling, which MLflow reads as well', exportOf([{ trace_id: 'AAAA' }])],
  ['the list of spans in another spelling', Buffer.from('{"resource_spans":[]}')],
  ['an object instead of a list', Buffer.from('{"resourceSpans":{}}')],
  ['a text instead of a span', Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":["x"]}]}]}')],
  ['a number as identifier', exportOf([{ traceId: 1 }])],
  ['a list as key', exportOf([{ attributes: [{ key: [LOCATION] }] }])],
  ['an object as number', exportOf([{ kind: {} }])],
  ['two members of one value', exportOf([{ attributes: [{ key: 'a', value: { stringValue: 'a', intValue: 1 } }] }])],
  ['a list instead of the request', Buffer.from('[]')],
]
for (const [name, body] of wrongJson) {
  test(`refuses JSON with ${name}`, async () =>
    assert.equal(await reasonOf(body, 'application/json'), 'body-malformed'))
}

test('ordinary spans pass: own tags, texts about reserved keys, numbers of every width', async () => {
  const text = field(1, field(2, field(2, field(9, field(1, 'input'), field(2, field(1, LOCATION))))))
  const numbers = span(Buffer.from([0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0xff, 1, 0x4d, 1, 2, 3, 4]))
  for (const body of [onSpan('mlflow.traceTag.mine'), onSpan('mlflow.spanInputs'), text, numbers]) {
    assert.equal(await reasonOf(body), 'accepted')
  }
  assert.equal(await reasonOf(gzipSync(onSpan('a')), PROTOBUF, 'gzip'), 'accepted')
  assert.equal(await reasonOf(asJson('mlflow.traceTag.mine'), 'application/json', ''), 'accepted')
})

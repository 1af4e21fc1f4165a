import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { ownerOf } from '../../../../../src/gateway/forward/headers/owned-headers.ts'
import { type Kit, startKit } from '../../../../kit.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../../../../otlp-receiver.ts'

/** Whose trace a request belongs to, and what reaches the upstream. `trusted` takes the peer for a proxy, `open` does not. */

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const VALID = `00-${TRACE}-${PARENT}-01`
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-0([01])$/

let receiver: OtlpReceiver
const kits: Record<string, Kit> = {}

before(async () => {
  receiver = await startOtlpReceiver()
  const routes = [{ name: 'open', app: 'generic', path: '/open', access: 'public' }]
  const kitWith = (sampleRatio: number, trustedProxies: string[]) =>
    startKit({
      routes,
      config: {
        server: { trustedProxies },
        observability: { tracing: { endpoint: receiver.url, sampleRatio, exportIntervalMs: 100 } },
      },
    })
  kits.trusted = await kitWith(1, ['127.0.0.1/32'])
  kits.open = await kitWith(1, [])
  kits.never = await kitWith(0, ['127.0.0.1/32'])
  kits.off = await startKit({ routes })
})
after(async () => {
  for (const kit of Object.values(kits)) await kit.close()
  await receiver.close()
})

const kitOf = (name: string) => kits[name] as Kit

/** Sends header fields exactly as given. Resolves to those that the upstream received, by lower-case name. */
async function passed(name: string, fields: readonly (readonly [string, string])[]): Promise<Map<string, string[]>> {
  const kit = kitOf(name)
  const headers = fields.flat()
  await new Promise<void>((resolve, reject) => {
    const host = ['Host', new URL(kit.url).host]
    const sent = request(`${kit.url}/open/a`, { headers: [...host, ...headers] }, (response) => {
      response.resume().on('end', resolve)
    })
    sent.on('error', reject).end()
  })
  const received = new Map<string, string[]>()
  for (const [field, value] of kit.upstream.received.at(-1)?.headers ?? [])
    received.set(field.toLowerCase(), [...(received.get(field.toLowerCase()) ?? []), value])
  return received
}

/** The one `traceparent` that the upstream received. */
async function parentPassed(name: string, fields: readonly (readonly [string, string])[]) {
  const values = (await passed(name, fields)).get('traceparent') ?? []
  assert.equal(values.length, 1, `one traceparent, got ${values}`)
  const [, traceId = '', spanId = '', flag = ''] = TRACEPARENT.exec(values[0] as string) ?? []
  assert.notEqual(traceId, '', values[0])
  return { traceId, spanId, isSampled: flag === '1' }
}

test("a trusted proxy's trace continues, and its state is passed on as it came", async () => {
  const fields = [
    ['traceparent', VALID],
    ['tracestate', 'vendor=value,other=1'],
  ] as const
  const { traceId, spanId } = await parentPassed('trusted', fields)
  assert.equal(traceId, TRACE)
  assert.notEqual(spanId, PARENT)
  const received = await passed('trusted', fields)
  assert.deepEqual(received.get('tracestate'), ['vendor=value,other=1'])
})

test('from anybody else a new trace begins, which is linked to the one that was named', async () => {
  const { traceId } = await parentPassed('open', [
    ['traceparent', VALID],
    ['tracestate', 'vendor=value'],
  ])
  assert.notEqual(traceId, TRACE)
  const server = await receiver.until((spans) => spans.find((span) => span.traceId === traceId && span.kind === 2))
  assert.equal(server.parentSpanId, '')
  assert.deepEqual(server.links, [{ traceId: TRACE, spanId: PARENT }])
  const state = (await passed('open', [['tracestate', 'vendor=value']])).get('tracestate')
  assert.equal(state, undefined)
})

for (const [what, value] of [
  ['too short', '00-4bf9-00f067aa0ba902b7-01'],
  ['upper case', VALID.toUpperCase()],
  ['a trace ID of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a span ID of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['the version that is forbidden', `ff-${TRACE}-${PARENT}-01`],
  ['version 00 with more behind it', `${VALID}-more`],
  ['two in one field', `${VALID}, ${VALID}`],
  ['a later version that is oversize', `01-${TRACE}-${PARENT}-01-${'a'.repeat(4000)}`],
  ['no separators', VALID.replaceAll('-', '')],
  ['not hexadecimal', VALID.replace('4bf9', 'zzzz')],
  ['flags of one digit', VALID.slice(0, -1)],
  ['markup', '<script>alert(1)</script>'],
  ['nothing', ''],
] as const) {
  test(`a new trace begins with a traceparent that is malformed: ${what}`, async () => {
    const { traceId, isSampled } = await parentPassed('trusted', [['traceparent', value]])
    assert.notEqual(traceId, TRACE)
    assert.equal(isSampled, true)
  })
}

test('a later version is read as far as it is known (W3C Trace Context §4)', async () => {
  const { traceId } = await parentPassed('trusted', [['traceparent', `01-${TRACE}-${PARENT}-01-what-comes`]])
  assert.equal(traceId, TRACE)
})

test('two traceparent fields begin a new trace, and neither passes', async () => {
  const fields = [
    ['traceparent', VALID],
    ['Traceparent', VALID.replace('4bf9', '5bf9')],
  ] as const
  const { traceId } = await parentPassed('trusted', fields)
  assert.doesNotMatch(traceId, /^[45]bf9/)
})

for (const name of ['Traceparent', 'TRACEPARENT', 'TraceState', 'TRACESTATE'])
  test(`${name} of a client never passes beside the gateway's own`, async () => {
    const received = await passed('open', [[name, name.toLowerCase() === 'traceparent' ? VALID : 'a=b']])
    assert.equal(received.get('traceparent')?.length, 1)
    assert.doesNotMatch(received.get('traceparent')?.[0] ?? '', new RegExp(TRACE))
    assert.equal(received.get('tracestate'), undefined)
  })

test('whatever a stranger sends, the upstream gets one well-formed traceparent of another trace', async () => {
  const name = fc.constantFrom(
    'traceparent',
    'Traceparent',
    'tracestate',
    'TraceState',
    'baggage',
    'b3',
    'X-B3-TraceId',
  )
  const value = fc.oneof(
    fc.constant(VALID),
    fc.stringMatching(/^[\x21-\x7e]{0,80}$/),
    fc.stringMatching(/^0[0-9a-f]-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 4 }), async (fields) => {
      const received = await passed('open', fields)
      assert.equal(received.get('traceparent')?.length, 1)
      assert.match(received.get('traceparent')?.[0] ?? '', TRACEPARENT)
      for (const [, text] of fields) if (text !== '') assert.notDeepEqual(received.get('traceparent'), [text])
      for (const other of ['tracestate', 'baggage', 'b3', 'x-b3-traceid']) assert.equal(received.get(other), undefined)
    }),
    { numRuns: 60 },
  )
})

test('a state that is too long or malformed is dropped, and the trace continues', async () => {
  for (const state of ['a'.repeat(600), '=,=,=', 'UPPER=1']) {
    const fields = [
      ['traceparent', VALID],
      ['tracestate', state],
    ] as const
    assert.equal((await parentPassed('trusted', fields)).traceId, TRACE)
    assert.equal((await passed('trusted', fields)).get('tracestate'), undefined)
  }
})

for (const name of [
  'baggage',
  'Baggage',
  'b3',
  'X-B3-TraceId',
  'x_b3_traceid',
  'uber-trace-id',
  'x-datadog-trace-id',
]) {
  test(`${name} passes from a trusted proxy alone`, async () => {
    const lower = name.toLowerCase()
    assert.deepEqual((await passed('trusted', [[name, 'a=b']])).get(lower), ['a=b'])
    assert.equal((await passed('open', [[name, 'a=b']])).get(lower), undefined)
  })
}

test("a trusted proxy's decision is kept, whatever the ratio is", async () => {
  assert.equal((await parentPassed('trusted', [['traceparent', VALID.replace(/01$/, '00')]])).isSampled, false)
  assert.equal((await parentPassed('never', [['traceparent', VALID]])).isSampled, true)
  assert.equal((await parentPassed('never', [])).isSampled, false)
  assert.equal((await parentPassed('trusted', [])).isSampled, true)
})

test('a request that is not sampled exports no span and still has a trace ID', async () => {
  const { traceId } = await parentPassed('never', [])
  const other = await parentPassed('never', [['traceparent', VALID.replace('4bf9', '6bf9')]])
  await receiver.until((spans) => spans.find((span) => span.traceId === other.traceId && span.kind === 2))
  assert.equal(receiver.spans().filter((span) => span.traceId === traceId).length, 0)
})

test('while tracing is off, trace headers pass as they came, and nothing shows a trace ID', async () => {
  const fields = [
    ['traceparent', 'whatever'],
    ['tracestate', 'a=b'],
    ['baggage', 'c=d'],
  ] as const
  const received = await passed('off', fields)
  for (const [name, value] of fields) assert.deepEqual(received.get(name), [value])
  const denied = await fetch(`${kitOf('off').url}/nowhere`)
  assert.equal('trace_id' in ((await denied.json()) as object), false)
  assert.equal(
    kitOf('off').logged.some((line) => 'trace_id' in line),
    false,
  )
})

test('header names are told apart whatever their punctuation is', () => {
  for (const name of ['traceparent', 'TraceParent', 'tracestate']) assert.equal(ownerOf(name), 'trace')
  for (const name of ['baggage', 'x-b3-spanid', 'X_B3_SpanId', 'X.B3.SpanId']) assert.equal(ownerOf(name), 'proxy')
  for (const name of ['x-trace', 'trace', 'accept', 'x-b4-spanid']) assert.equal(ownerOf(name), 'client')
})

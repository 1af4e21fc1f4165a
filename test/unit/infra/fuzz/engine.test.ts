import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coverage, coveringSet } from '../../../fuzz/engine/coverage.ts'
import { FuzzRun } from '../../../fuzz/engine/fuzz.ts'
import { COUNTERS, type Edge, instrument } from '../../../fuzz/engine/instrument.ts'
import { minimise } from '../../../fuzz/engine/minimise.ts'
import { Chance, mutate } from '../../../fuzz/engine/mutate.ts'
import { Finding, type FuzzTarget, failureKind } from '../../../fuzz/engine/target.ts'
import { Oracles } from '../../../fuzz/oracles/oracles.ts'

const SOURCE = `;export function read(text) {
  // An umlaut moves the offsets of bytes: ä
  const kind = text.startsWith('F') ? 'f' : 'other'
  if (kind === 'f') { if (text[1] === 'U') return text[2] === 'Z' && text[3] === '!' ? inner() : 'fu' } else return 'no'
  switch (text.length) { case 1: return 'one'; case 2: { return 'two' } default: for (const _ of text) { void _ } }
  return text?.at(2) ?? 'none'
  function inner() { throw new RangeError('planted') }
}`

async function instrumented() {
  const edges: Edge[] = []
  const texts = new Set<string>()
  const code = instrument(SOURCE, 'a.ts', edges, texts)
  const coverage = new Coverage({ edges, texts })
  const { read } = (await import(`data:text/javascript,${encodeURIComponent(code)}#${Math.random()}`)) as {
    read: (text: string) => unknown
  }
  return { edges, texts, coverage, read }
}

const targetOf = (check: (input: Buffer) => boolean): FuzzTarget => ({ seeds: ['a'], invariants: [], check })

function runOf(target: FuzzTarget, coverage: Coverage, texts: ReadonlySet<string>, milliseconds: number) {
  const noise = { begin() {}, report() {} }
  return new FuzzRun({
    target,
    coverage,
    texts,
    milliseconds,
    seed: 7,
    seeds: [Buffer.from('a')],
    oracles: new Oracles(['node']),
    maxFailures: 1,
    ...noise,
  })
}

test('a module does the same with counters as without', async () => {
  const { read, edges } = await instrumented()
  assert.deepEqual(
    ['', 'x', 'F', 'FU', 'Fx', 'Fxy'].map((text) => read(text)),
    ['no', 'no', 'one', 'fu', 'two', 'y'],
  )
  assert.throws(() => read('FUZ!'), RangeError)
  assert.ok(edges.length >= 14, `${edges.length} edges`)
  assert.deepEqual(new Set(edges.map(({ line }) => line)), new Set([1, 3, 4, 5, 6, 7]))
})

test('an input that takes another branch is news, and the same one again is not', async () => {
  const { read, coverage } = await instrumented()
  const news = (text: string) => {
    coverage.reset()
    read(text)
    return coverage.news().length
  }
  assert.ok(news('x') > 0)
  assert.equal(news('y'), 0)
  assert.ok(news('F') > 0)
  assert.equal(news('F'), 0)
  assert.ok(coverage.reached < coverage.total)
})

test('a failure behind four comparisons is found by coverage and made as short as it can be', async () => {
  const { read, coverage, texts } = await instrumented()
  const run = runOf(
    targetOf((input) => read(input.toString('latin1')) !== 'no'),
    coverage,
    texts,
    20_000,
  )
  await run.run()
  const failure = run.failures.find(({ kind }) => kind.includes('RangeError'))
  assert.equal(failure?.input.toString('latin1').slice(0, 4), 'FUZ!')
  assert.equal(failure?.input.length, 4)
})

test('without counters it is not found in as many tries', () => {
  const chance = new Chance(7)
  const material = {
    corpus: [Buffer.from('a')],
    dictionary: ['F', 'U', 'Z', '!'].map((text) => Buffer.from(text)),
    maxBytes: 64,
  }
  const found = Array.from({ length: 5000 }, () => mutate(Buffer.from('a'), chance, material)).some((input) =>
    input.toString('latin1').startsWith('FUZ!'),
  )
  assert.equal(found, false)
})

test('the same seed tries the same inputs', () => {
  const material = { corpus: [Buffer.from('abc'), Buffer.from('xyz')], dictionary: [Buffer.from('word')], maxBytes: 16 }
  const inputs = (seed: number) => {
    const chance = new Chance(seed)
    return Array.from({ length: 200 }, () => mutate(Buffer.from('abc'), chance, material).toString('hex'))
  }
  assert.deepEqual(inputs(3), inputs(3))
  assert.notDeepEqual(inputs(3), inputs(4))
  assert.ok(inputs(3).every((hex) => hex.length <= 32))
})

test('what is left of an input is what it fails with', async () => {
  const shorter = await minimise(Buffer.from('a long text with { in it, and } after it'), async (input) =>
    /\{.*\}/.test(input.toString()),
  )
  assert.equal(shorter.toString(), '{}')
})

test('the inputs that are kept reach everything, and the shortest come first', () => {
  const entry = (text: string, ...features: number[]) => ({ input: Buffer.from(text), features })
  const kept = coveringSet([entry('long text', 1, 2, 3), entry('a', 1), entry('bb', 1, 2), entry('cc', 2)])
  assert.deepEqual(
    kept.map(({ item, owns }) => [item.input.toString(), owns]),
    [
      ['a', [1]],
      ['bb', [2]],
      ['long text', [3]],
    ],
  )
})

test('a finding is told apart by its invariant, and another error by where it was thrown', () => {
  assert.equal(failureKind(new Finding('it holds', 'for 1')), 'it holds')
  assert.equal(failureKind(new Finding('it holds', 'for 2')), 'it holds')
  assert.match(failureKind(new TypeError('x')), /^threw TypeError in /)
  assert.equal(failureKind('text'), 'threw string')
})

function busy(): boolean {
  const before = process.threadCpuUsage()
  while (process.threadCpuUsage(before).user < 1_100_000);
  return true
}

test('an input that takes too long is a failure', async () => {
  const { coverage, texts } = await instrumented()
  const run = runOf(targetOf(busy), coverage, texts, 1)
  await run.run()
  assert.match(run.failures[0]?.message ?? '', /took \d{4,} ms/)
  assert.ok(COUNTERS in globalThis)
})

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { hashOf, readChained } from '../../../../src/gateway/audit/file/chain.ts'
import { groupFiles } from '../../../../src/gateway/audit/read/trail-files.ts'
import { type Verification, type VerifyOptions, verifyTrail } from '../../../../src/gateway/audit/read/verify.ts'
import { entries, KEY, openFileSink, temporaryFolder } from './kit.ts'

/** What an attacker does to files of the trail, and what `audit verify` says of it. */

const folder = temporaryFolder()
/** Twelve lines: the start of the chain, eleven events. Line n of the file is number n of the chain. */
let lines: string[] = []
let keyed: string[] = []
before(async () => {
  lines = await chainOf('plain.jsonl', {})
  keyed = await chainOf('keyed.jsonl', { chainKey: KEY })
})

async function chainOf(name: string, more: { chainKey?: string }): Promise<string[]> {
  const path = join(folder, name)
  const sink = openFileSink(path, more)
  await sink.write(entries(1, 5))
  await sink.write(entries(6, 11))
  await sink.close()
  return readFileSync(path, 'utf8').trimEnd().split('\n')
}

let count = 0
async function verify(of: readonly string[], options: Partial<VerifyOptions> = {}): Promise<Verification> {
  count += 1
  const path = join(folder, `tampered-${count}.jsonl`)
  writeFileSync(path, of.map((line) => `${line}\n`).join(''))
  return verifyFiles([path], options)
}

async function verifyFiles(paths: readonly string[], options: Partial<VerifyOptions> = {}): Promise<Verification> {
  const [trail] = await groupFiles(paths)
  assert.ok(trail)
  return verifyTrail(trail, { key: undefined, ...options })
}

const found = ({ problems }: Verification) => problems.map(({ line, text }) => `${line} ${text.split(':', 1)[0]}`)
const changed = (of: readonly string[], at: number, change: (line: string) => string) =>
  of.map((line, index) => (index === at - 1 ? change(line) : line))
const without = (of: readonly string[], ...at: number[]) => of.filter((_, index) => !at.includes(index + 1))

/** Writes a line anew with the hash that fits: possible without a key. */
function forged(line: string, change: (covered: string) => string, key?: string): string {
  const covered = change(readChained(line)?.covered ?? '')
  return `${covered},"hash":"${hashOf(covered, key)}"}`
}

const to = (user: string) => (text: string) => text.replace('"category"', `"user":"${user}","category"`)

test('a chain that nobody touched is valid, with and without a key', async () => {
  const plain = await verify(lines)
  assert.deepEqual([found(plain), plain.lines, plain.first?.seq, plain.last?.seq], [[], 12, 1, 12])
  assert.deepEqual(found(await verify(keyed, { key: KEY })), [])
})

test('a key that is not the one of the chain proves nothing: every line is reported', async () => {
  assert.equal((await verify(keyed)).problems.length, 12)
  assert.equal((await verify(keyed, { key: `${KEY}!` })).problems.length, 12)
})

const TAMPERINGS: readonly [name: string, tampered: (of: string[]) => string[], says: string[]][] = [
  ['a line is altered', (of) => changed(of, 5, to('mallory')), ['5 altered']],
  [
    'one character is altered',
    (of) => changed(of, 7, (line) => line.replace('"sequence":6', '"sequence":8')),
    ['7 altered'],
  ],
  ['white space is added', (of) => changed(of, 5, (line) => ` ${line}`), ['5 altered']],
  ['the first line is altered', (of) => changed(of, 1, to('mallory')), ['1 altered']],
  ['the last line is altered', (of) => changed(of, 12, to('mallory')), ['12 altered']],
  ['a line is removed', (of) => without(of, 6), ['6 removed']],
  ['three lines are removed', (of) => without(of, 6, 7, 8), ['6 removed']],
  ['two places lose a line', (of) => without(of, 4, 9), ['4 removed', '8 removed']],
  [
    'a line is repeated',
    (of) => [...of.slice(0, 6), of[5] ?? '', ...of.slice(6)],
    ['7 inserted, repeated or reordered'],
  ],
  [
    'two lines change places',
    (of) => [...of.slice(0, 4), of[5] ?? '', of[4] ?? '', ...of.slice(6)],
    ['5 removed', '6 inserted, repeated or reordered', '7 removed'],
  ],
  [
    'a line of somebody else is inserted',
    (of) => [...of.slice(0, 3), '{"user":"x"}', ...of.slice(3)],
    ['4 altered or inserted'],
  ],
  ['a line becomes other text', (of) => changed(of, 5, () => 'no JSON at all'), ['5 altered or inserted', '6 altered']],
  ['a line becomes empty', (of) => changed(of, 5, () => ''), ['5 altered or inserted', '6 altered']],
  [
    'a line loses its hash',
    (of) => changed(of, 5, (line) => `${line.slice(0, -76)}}`),
    ['5 altered or inserted', '6 altered'],
  ],
  [
    'a line is split by a line break',
    (of) => changed(of, 5, (line) => line.replace(',"category"', '\n,"category"')),
    ['5 altered or inserted', '6 altered or inserted'],
  ],
  ['a new chain is put after the old one', (of) => [...of, ...of], ['13 removed']],
  [
    'everything after a line is replaced by another chain',
    (of) => [...of.slice(0, 6), ...keyed.slice(6)],
    ['7 altered'],
  ],
  [
    'two lines are joined',
    (of) => [...of.slice(0, 4), `${of[4]}${of[5]}`, ...of.slice(6)],
    ['5 altered or inserted', '6 removed'],
  ],
]

for (const [name, tampered, says] of TAMPERINGS) {
  test(`${name}: found, and where`, async () => {
    const result = await verify(tampered([...lines]))
    assert.deepEqual(found(result).slice(0, says.length), says)
    assert.ok(result.problems.length > 0)
  })
}

test('a line written anew with a fitting hash breaks the chain at the next line', async () => {
  const rewritten = changed(lines, 5, (line) => forged(line, to('mallory')))
  assert.deepEqual(found(await verify(rewritten)), ['6 altered'])
})

test('a line inserted with a fitting number and hash breaks the chain after it', async () => {
  const [, , third = '', fourth = ''] = lines
  const inserted = forged(fourth, (covered) =>
    covered.replace(/"prev":"\w+"/, `"prev":"${readChained(third)?.hash}"`).replace('"sequence":3', '"sequence":99'),
  )
  assert.deepEqual(found(await verify([...lines.slice(0, 3), inserted, ...lines.slice(3)])), [
    '5 inserted, repeated or reordered',
  ])
})

/** The whole rest of a chain computed anew, after a line was changed. */
function rebuilt(of: readonly string[], at: number, key: string | undefined): string[] {
  let hash = ''
  return of.map((line, index) => {
    if (index < at - 1) return line
    const again = forged(
      line,
      (covered) => {
        const linked = index === at - 1 ? to('mallory')(covered) : covered.replace(/"prev":"\w+"/, `"prev":"${hash}"`)
        return linked
      },
      key,
    )
    hash = readChained(again)?.hash ?? ''
    return again
  })
}

test('without a key, an attacker can compute the rest of the chain anew; an anchor of the log finds it', async () => {
  const all = rebuilt(lines, 5, undefined)
  assert.deepEqual(found(await verify(all)), [])
  const anchor = { seq: 10, hash: readChained(lines[9] ?? '')?.hash ?? '' }
  assert.deepEqual(found(await verify(all, { anchors: [anchor] })), ['10 altered'])
  assert.equal((await verify(lines, { anchors: [anchor] })).anchored.length, 1)
})

test('with a key, nobody can compute it without the key', async () => {
  for (const key of [undefined, 'a guess']) {
    const result = await verify(rebuilt(keyed, 5, key), { key: KEY })
    assert.equal(result.problems.length, 8)
  }
})

test('a tail that was cut off at a line break cannot be found without an anchor', async () => {
  const short = await verify(lines.slice(0, 8))
  assert.deepEqual([found(short), short.last?.seq], [[], 8])
})

test('a file that ends within a line is a crash in the newest file, and a cut in an older one', async () => {
  const path = join(folder, 'torn.jsonl')
  writeFileSync(path, `${lines.slice(0, 8).join('\n')}\n${lines[8]?.slice(0, 40)}`)
  const result = await verifyFiles([path])
  assert.deepEqual([found(result), result.notes.map(({ line }) => line)], [[], [9]])
  const older = join(folder, 'torn.000001.jsonl')
  renameSync(path, older)
  writeFileSync(path, `${lines.slice(9).join('\n')}\n`)
  assert.deepEqual(found(await verifyFiles([older, path])), ['9 cut off', '1 removed'])
})

test('bytes that are no text are reported as such', async () => {
  const path = join(folder, 'bytes.jsonl')
  writeFileSync(path, `${lines.slice(0, 3).join('\n')}\n`)
  appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a]))
  assert.deepEqual(found(await verifyFiles([path])), ['4 not-utf8'])
})

test('a line of a gigabyte is not kept in memory', async () => {
  const path = join(folder, 'long.jsonl')
  writeFileSync(path, `${lines.slice(0, 3).join('\n')}\n${'x'.repeat(3_000_000)}\n${lines.slice(3).join('\n')}\n`)
  assert.deepEqual(found(await verifyFiles([path])).slice(0, 1), ['4 too-long'])
})

test('files are followed by the numbers of their lines, compressed ones too, whatever their order', async () => {
  const [older, current] = [join(folder, 'many.jsonl.1.gz'), join(folder, 'many.jsonl')]
  writeFileSync(older, gzipSync(`${lines.slice(0, 5).join('\n')}\n`))
  writeFileSync(current, `${lines.slice(5).join('\n')}\n`)
  for (const order of [
    [older, current],
    [current, older],
  ])
    assert.deepEqual(found(await verifyFiles(order)), [])
})

test('files that are missing in between are found; those before the first one are only noted', async () => {
  const names = ['000001', '000002', '000003'].map((number) => join(folder, `gap.${number}.jsonl`))
  for (const [index, path] of names.entries())
    writeFileSync(path, `${lines.slice(index * 4, index * 4 + 4).join('\n')}\n`)
  const [first = '', second = '', third = ''] = names
  assert.deepEqual(found(await verifyFiles([first, second, third])), [])
  assert.deepEqual(found(await verifyFiles([first, third])), ['1 removed'])
  const later = await verifyFiles([second, third])
  assert.deepEqual([found(later), later.notes.length, later.first?.seq], [[], 1, 5])
})

test('a file without a chain is not valid', async () => {
  assert.deepEqual(found(await verify(['{"schema_version":1}'])), ['1 altered or inserted'])
})

test('a file that was emptied is not valid', async () => {
  const nothing = await verify([])
  assert.deepEqual(found(nothing), ['0 no line of a chain'])
  assert.match(nothing.problems[0]?.file ?? '', /tampered/)
})

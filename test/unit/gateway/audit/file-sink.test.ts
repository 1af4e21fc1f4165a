import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathForSlot, rotatedNumbers, rotatedPath } from '../../../../src/gateway/audit/file/file-names.ts'
import { groupFiles } from '../../../../src/gateway/audit/read/trail-files.ts'
import { verifyTrail } from '../../../../src/gateway/audit/read/verify.ts'
import { entries, entryOf, KEY, logLines, openFileSink, temporaryFolder } from './kit.ts'

const root = temporaryFolder()
let count = 0
function folder(): string {
  count += 1
  const made = join(root, String(count))
  mkdirSync(made)
  return made
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const eventsOf = (path: string) => linesOf(path).map(({ event }) => event)

async function problemsOf(inFolder: string, key?: string) {
  const [trail] = await groupFiles(readdirSync(inFolder).map((name) => join(inFolder, name)))
  assert.ok(trail)
  return verifyTrail(trail, { key })
}

test('without a chain a line is the event alone', async () => {
  const path = join(folder(), 'audit.jsonl')
  const sink = openFileSink(path, { chain: false })
  await sink.write(entries(1, 3))
  await sink.close()
  assert.deepEqual(
    linesOf(path).map(({ sequence, hash }) => [sequence, hash]),
    [
      [1, undefined],
      [2, undefined],
      [3, undefined],
    ],
  )
})

test('only the user of the gateway writes, and its group reads', async () => {
  const path = join(folder(), 'deep', 'er', 'audit.jsonl')
  const sink = openFileSink(path)
  await sink.write(entries(1, 1))
  await sink.close()
  assert.equal(statSync(path).mode & 0o027, 0)
})

test('a chain continues over a restart, also with fsync and a key', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  for (const [from, to] of [
    [1, 4],
    [5, 6],
    [7, 9],
  ] as const) {
    const sink = openFileSink(path, { chainKey: KEY, fsync: true })
    await sink.write(entries(from, to))
    await sink.close()
  }
  const { problems, last } = await problemsOf(inFolder, KEY)
  assert.deepEqual([problems, last?.seq], [[], 10])
  assert.deepEqual(
    eventsOf(path).filter((event) => event !== 'allowed'),
    ['chain-started'],
  )
})

test('a line that a crash left is cut off at the next start, and the chain goes on', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  const first = openFileSink(path)
  await first.write(entries(1, 3))
  await first.close()
  appendFileSync(path, '{"schema_version":1,"time":"2026')
  const second = openFileSink(path)
  await second.write(entries(4, 5))
  await second.close()
  const { problems, last } = await problemsOf(inFolder)
  assert.deepEqual([problems, last?.seq], [[], 7])
  assert.match(String(linesOf(path)[4]?.detail), /^32 bytes/)
  assert.equal(linesOf(path)[4]?.event, 'line-mended')
})

test('a file is renamed when it is full, old ones are deleted, and the chain goes through all of them', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  const sink = openFileSink(path, { maxBytes: 65_536, keep: 3 })
  for (let round = 0; round < 30; round += 1) await sink.write([entryOf(round + 1, { path: 'x'.repeat(20_000) })])
  await sink.close()
  const names = readdirSync(inFolder).sort()
  assert.equal(names.length, 4)
  for (const name of names) assert.ok(statSync(join(inFolder, name)).size < 65_536 + 21_000, name)
  const { problems, last, first } = await problemsOf(inFolder)
  assert.deepEqual([problems, last?.seq], [[], 31])
  assert.ok((first?.seq ?? 0) > 1)
})

test('a restart after a rotation continues the chain of the newest full file', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  const first = openFileSink(path)
  await first.write(entries(1, 3))
  await first.close()
  renameSync(path, rotatedPath(path, 1))
  const second = openFileSink(path)
  await second.write(entries(4, 5))
  await second.close()
  const { problems, last } = await problemsOf(inFolder)
  assert.deepEqual([problems, last?.seq], [[], 6])
})

test('a file without a chain is put aside when the chain begins', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  writeFileSync(path, '{"schema_version":1}\n')
  const sink = openFileSink(path)
  await sink.write(entries(1, 2))
  await sink.close()
  assert.deepEqual(readdirSync(inFolder).sort(), ['audit.000001.jsonl', 'audit.jsonl'])
  assert.deepEqual(eventsOf(path), ['chain-started', 'allowed', 'allowed'])
})

test('logrotate may move the file: the next line is in a new one, which says so and continues the chain', async () => {
  const inFolder = folder()
  const path = join(inFolder, 'audit.jsonl')
  const { log, lines } = logLines()
  const sink = openFileSink(path, {}, log)
  await sink.write(entries(1, 3))
  renameSync(path, `${path}.1`)
  await sink.write(entries(4, 5))
  await sink.close()
  assert.deepEqual(eventsOf(path), ['file-changed', 'allowed', 'allowed'])
  assert.deepEqual((await problemsOf(inFolder)).problems, [])
  assert.equal(lines.find(({ event }) => event === 'file-changed')?.path, path)
})

test('whoever shortens, extends or deletes the file while the gateway runs is reported in it', async () => {
  for (const harm of [
    (path: string) => truncateSync(path, statSync(path).size - 10),
    (path: string) => appendFileSync(path, 'something else\n'),
    (path: string) => rmSync(path),
  ]) {
    const inFolder = folder()
    const path = join(inFolder, 'audit.jsonl')
    const sink = openFileSink(path)
    await sink.write(entries(1, 3))
    harm(path)
    await sink.write(entries(4, 4))
    await sink.close()
    const last = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-2)
    assert.ok(
      last.some((line) => line.includes('"file-changed"') || line.includes('"line-mended"')),
      String(last),
    )
    assert.ok(readFileSync(path, 'utf8').includes('"file-changed"'))
    if (statSync(path).size > 0) {
      const { problems, notes } = await problemsOf(inFolder)
      assert.ok(problems.length + notes.length > 0)
    }
  }
})

test('a link in place of the file is not followed', async () => {
  const inFolder = folder()
  writeFileSync(join(inFolder, 'target'), '')
  symlinkSync(join(inFolder, 'target'), join(inFolder, 'audit.jsonl'))
  await assert.rejects(openFileSink(join(inFolder, 'audit.jsonl')).write(entries(1, 1)), { code: 'ELOOP' })
})

test('the log names the end of the chain every thousand lines and at the end', async () => {
  const path = join(folder(), 'audit.jsonl')
  const { log, lines } = logLines()
  const sink = openFileSink(path, { maxBytes: 10_000_000 }, log)
  for (let batch = 0; batch < 5; batch += 1) await sink.write(entries(batch * 400 + 1, batch * 400 + 400))
  await sink.close()
  const anchors = lines.filter(({ event }) => event === 'audit-anchor').map(({ anchor }) => String(anchor).split(':'))
  assert.deepEqual(
    anchors.map(([seq]) => seq),
    ['1201', '2001'],
  )
  assert.equal(anchors[1]?.[1], linesOf(path).at(-1)?.hash)
})

test('processes of one gateway have files of their own', () => {
  assert.equal(pathForSlot('/var/a/audit.jsonl', undefined), '/var/a/audit.jsonl')
  assert.equal(pathForSlot('/var/a/audit.jsonl', 2), '/var/a/audit-2.jsonl')
  const names = ['audit.000002.jsonl', 'audit.000010.jsonl', 'audit-1.000003.jsonl', 'audit.jsonl', 'audit.x.jsonl']
  assert.deepEqual(rotatedNumbers('/var/a/audit.jsonl', names), [2, 10])
})

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { groupFiles } from '../../../../src/gateway/audit/read/trail-files.ts'
import { verifyTrail } from '../../../../src/gateway/audit/read/verify.ts'
import { SinkSet } from '../../../../src/gateway/audit/sink-set.ts'
import { countedMetrics, entries, fileSettings, logLines, notice, temporaryFolder } from './kit.ts'

test('two sinks that swap their names with a reload never write one file at once', async () => {
  const folder = temporaryFolder()
  const { log, lines } = logLines()
  const sinks = new SinkSet({ log, clock: Date.now, metrics: countedMetrics(), notice })
  const [one, two] = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')]
  const apply = async (first: string, second: string) => {
    const settings = [
      fileSettings(first, { name: 'first', maxBytes: 10_485_760 }),
      fileSettings(second, { name: 'second', maxBytes: 10_485_760 }),
    ]
    sinks.apply(await sinks.prepare({ reads: 'all', onFailure: 'continue', queueEvents: 10_000, sinks: settings }))
  }
  const offer = (from: number, to: number) => {
    for (const entry of entries(from, to)) for (const delivery of sinks.open) delivery.offer(entry, false)
  }
  await apply(one, two)
  offer(1, 2000)
  await apply(two, one)
  offer(2001, 4000)
  await sinks.close(10_000)
  for (const trail of await groupFiles([one, two])) {
    const { problems, lines: count } = await verifyTrail(trail, { key: undefined })
    assert.deepEqual(problems, [])
    assert.equal(count, 4001, 'each event, and the start of the chain')
  }
  assert.deepEqual(
    lines.filter(({ event }) => event === 'file-changed' || event === 'audit-sink-failed'),
    [],
  )
})

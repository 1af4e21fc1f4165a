import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Writable } from 'node:stream'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { openStorage } from '../../../src/core-api/store/open.ts'
import { StartError } from '../../../src/shared/start-error.ts'

/** A storage that a later version has migrated: the way back from an upgrade. */
const folder = mkdtempSync(join(tmpdir(), 'newer-schema-'))
after(() => rmSync(folder, { recursive: true }))

const lines: string[] = []
const log = pino(new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) }))

async function storageWith(step: string) {
  const path = join(folder, `${step}.db`)
  const storage = { url: `sqlite:${path}`, connections: 1, timeoutSeconds: 5 }
  await (await openStorage(storage, log)).close()
  using database = new DatabaseSync(path)
  database.prepare('insert into kysely_migration (name, timestamp) values (?, ?)').run(step, new Date().toISOString())
  return storage
}

test('a step that this version does not know is accepted, with a warning that names it', async () => {
  const { db, close } = await openStorage(await storageWith('0099-later'), log)
  assert.deepEqual(await db.selectFrom('projects').selectAll().execute(), [])
  await close()
  assert.match(lines.at(-1) ?? '', /"event":"newer-schema","steps":\["0099-later"\]/)
})

test('a step that is marked as incompatible stops the start, and says what to do', async () => {
  const storage = await storageWith('0099-other-tables-incompatible')
  await assert.rejects(
    openStorage(storage, log),
    (error) => error instanceof StartError && /0099-other-tables-incompatible.*restore the backup/s.test(error.message),
  )
})

test('a storage of this version warns of nothing', async () => {
  lines.length = 0
  const storage = { url: 'sqlite::memory:', connections: 1, timeoutSeconds: 5 }
  await (await openStorage(storage, log)).close()
  assert.deepEqual(lines, [])
})

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { pino } from 'pino'
import { CredentialCipher } from '../../../src/core-api/crypto/credential-cipher.ts'
import { rotateToken } from '../../../src/core-api/crypto/rotate-token.ts'
import { backupSqlite } from '../../../src/core-api/store/backup-sqlite.ts'
import { eraseFreeSpace } from '../../../src/core-api/store/erase-free-space.ts'
import { openStorage } from '../../../src/core-api/store/open.ts'
import { StorageDown } from '../../../src/core-api/store/storage-errors.ts'
import { ALICE, ALPHA, newConnection, type Signer, startCoreUnderTest, startSigner, TOKEN } from '../../core/kit.ts'

const PATH = '/api/datasetConnections'
let signer: Signer
let folder: string
before(async () => {
  signer = await startSigner()
  folder = mkdtempSync(join(tmpdir(), 'core-erase-'))
})
after(async () => {
  rmSync(folder, { recursive: true })
  await signer.close()
})

const read = (name: string) => readFileSync(join(folder, name)).toString('latin1')
const databases = () => readdirSync(folder).filter((name) => /\.db(-wal|-shm)?$/.test(name))

test('after a rotation no file of the database, and no backup, has credentials under the previous token', async () => {
  const file = join(folder, 'core.db')
  const core = await startCoreUnderTest(signer, `sqlite:${file}`)
  // As in a database of an earlier version.
  await sql`pragma secure_delete = off`.execute(core.storage.db)
  const marks: string[] = []
  const keep = async (id: string) => {
    const record = await core.deps.connections.find(ALPHA, id)
    assert.ok(record)
    marks.push(record.credentials.password.slice(0, 40), record.credentials.username.slice(0, 40))
  }
  const ids: string[] = []
  for (let at = 0; at < 60; at++) {
    // Long ones have pages of their own, which become free pages.
    const credentials = { username: `u${at}`, password: 'p'.repeat(at % 2 ? 20 : 9000) }
    const made = await core
      .as(ALICE)
      .post(PATH)
      .set('AOA-Project-ID', ALPHA)
      .send(newConnection(`c${at}`, { credentials }))
    ids.push(made.body.id)
    await keep(made.body.id)
  }
  for (const [at, id] of ids.entries()) {
    const request = at % 3 === 0 ? core.as(ALICE).delete(`${PATH}/${id}`) : core.as(ALICE).put(`${PATH}/${id}`)
    const response = await request.set('AOA-Project-ID', ALPHA).send(at % 3 === 0 ? undefined : { description: 'x' })
    assert.ok(response.status < 300)
    if (at % 3 !== 0) await keep(id)
  }
  assert.ok(databases().some((name) => marks.some((mark) => read(name).includes(mark))))
  const { connections } = core.deps
  const cipher = await CredentialCipher.create(['another-token', TOKEN])
  const log = pino({ level: 'silent' })
  assert.equal((await rotateToken({ connections, cipher, log }, () => undefined)).reencrypted, 40)
  await eraseFreeSpace(core.storage.db, 'sqlite')
  backupSqlite(file, join(folder, 'backup.db'))
  for (const name of databases()) assert.ok(!marks.some((mark) => read(name).includes(mark)), name)
  assert.ok(databases().length >= 3)
  await core.close()
})

test('deleted credentials are overwritten in the database file', async () => {
  const core = await startCoreUnderTest(signer, `sqlite:${join(folder, 'overwritten.db')}`)
  const credentials = { username: 'u', password: 'p'.repeat(9000) }
  const made = await core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(newConnection('gone', { credentials }))
  const record = await core.deps.connections.find(ALPHA, made.body.id)
  const checkpoint = () => sql`pragma wal_checkpoint(truncate)`.execute(core.storage.db)
  await checkpoint()
  const mark = record?.credentials.password.slice(0, 40) ?? ''
  assert.ok(mark !== '' && read('overwritten.db').includes(mark))
  await core.as(ALICE).delete(`${PATH}/${made.body.id}`).set('AOA-Project-ID', ALPHA)
  await checkpoint()
  assert.ok(!read('overwritten.db').includes(mark))
  await core.close()
})

test('a backup has no deleted rows, also before a rotation', async () => {
  const file = join(folder, 'deleted.db')
  const core = await startCoreUnderTest(signer, `sqlite:${file}`)
  await sql`pragma secure_delete = off`.execute(core.storage.db)
  const credentials = { username: 'u', password: 'p'.repeat(9000) }
  const made = await core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(newConnection('gone', { credentials }))
  const record = await core.deps.connections.find(ALPHA, made.body.id)
  assert.equal((await core.as(ALICE).delete(`${PATH}/${made.body.id}`).set('AOA-Project-ID', ALPHA)).status, 204)
  backupSqlite(file, join(folder, 'deleted-backup.db'))
  assert.ok(record && !read('deleted-backup.db').includes(record.credentials.password.slice(0, 40)))
  await core.close()
})

test('a database that another connection reads is reported as busy', async () => {
  const url = `sqlite:${join(folder, 'busy.db')}`
  const core = await startCoreUnderTest(signer, url)
  const { DatabaseSync } = await import('node:sqlite')
  using reader = new DatabaseSync(join(folder, 'busy.db'))
  reader.exec('begin; select count(*) from projects')
  reader.prepare('select * from projects').all()
  const storage = await openStorage({ url, connections: 1, timeoutSeconds: 1 }, pino({ level: 'silent' }))
  await assert.rejects(eraseFreeSpace(storage.db, 'sqlite'), StorageDown)
  reader.exec('commit')
  await eraseFreeSpace(storage.db, 'sqlite')
  await storage.close()
  await core.close()
})

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { type Postgres, startPostgres } from '../../infra/parts/postgres.ts'
import { CredentialCipher } from '../../src/core-api/crypto/credential-cipher.ts'
import { decryptCredentials, encryptCredentials } from '../../src/core-api/crypto/credentials.ts'
import { backupSqlite } from '../../src/core-api/store/backup-sqlite.ts'
import type { Storage } from '../../src/core-api/store/open.ts'
import { bundledProgram } from '../cli/bundled.ts'
import { ALPHA, type Signer, startCoreUnderTest, startSigner, TOKEN } from './kit.ts'

const COUNT = 2000
const [node = '', ...program] = await bundledProgram()

describe('rotate-token, killed while it runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rotation-'))
  let postgres: Postgres
  let signer: Signer
  before(async () => {
    signer = await startSigner()
    postgres = await startPostgres()
  })
  after(async () => {
    await postgres.close()
    await signer.close()
    rmSync(folder, { recursive: true })
  })

  for (const database of ['SQLite', 'PostgreSQL'])
    test(`loses nothing on ${database}, and continues where it stopped`, async () => {
      const url = database === 'SQLite' ? `sqlite:${folder}/core.db` : await postgres.createDatabase('rotation')
      const core = await startCoreUnderTest(signer, url)
      try {
        const { connections, cipher: previous } = core.deps
        for (let at = 0; at < COUNT; at++) {
          const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`
          const owner = {
            personal: at % 2 === 1,
            scope: at % 2 === 1 ? 'sub-alice' : '',
            owner: 'sub-alice',
            ownerName: 'alice',
          }
          const target = { host: 'h', logMech: 'TD2', database: '', valDb: '', byomDb: '' }
          const bare = { id, projectId: ALPHA, name: `c${at}`, description: '', ...owner, ...target, revision: 1 }
          const credentials = await encryptCredentials(previous, bare, { username: `u${at}`, password: `p${at}` })
          replaced.push(credentials.password.slice(0, 40))
          await connections.create({ ...bare, credentials, createdAt: 0, updatedAt: 0 })
        }
        const config = join(folder, `${database}.yaml`)
        writeFileSync(
          config,
          JSON.stringify({
            issuer: { url: 'https://sso.example', audiences: ['a'] },
            access: { adminGroup: 'admins' },
            storage: { url },
            encryption: { token: 'the-new-encryption-token', previousTokens: [TOKEN] },
          }),
        )
        const both = await CredentialCipher.create(['the-new-encryption-token', TOKEN])
        const rotated = async () => (await connections.countByKey()).get(both.currentId) ?? 0
        const readAll = async (cipher: CredentialCipher) => {
          const page = { page: 0, size: COUNT, sort: { by: 'name', direction: 'asc' } } as const
          for (const { id, name } of (await connections.list(ALPHA, 'sub-alice', page)).items) {
            const record = await connections.find(ALPHA, id)
            assert.ok(record)
            const { username, password } = await decryptCredentials(cipher, record, record.credentials)
            assert.deepEqual([username, password], [name.replace('c', 'u'), name.replace('c', 'p')])
          }
        }

        let killed = 0
        for (let tries = 0; tries < 3; tries++) {
          const before = await rotated()
          await killWhen(rotate(config), async () => (await rotated()) > before)
          const done = await rotated()
          if (done > 0 && done < COUNT) killed += 1
        }
        assert.ok(killed > 0, 'no run was killed half way')
        await readAll(both)
        const last = spawnSync(node, arguments_(config), { encoding: 'utf8' })
        assert.equal(last.status, 0, last.stderr)
        assert.equal(await rotated(), COUNT)
        await readAll(await CredentialCipher.create(['the-new-encryption-token']))
        await (database === 'SQLite' ? checkFilesOf(folder) : checkTable(core.storage))
        assert.ok(!`${last.stdout}${last.stderr}`.includes('the-new-encryption-token'))
      } finally {
        await core.close()
      }
    })
})

/** Marks of credentials that were replaced. */
const replaced: string[] = []

function checkFilesOf(folder: string): void {
  const file = join(folder, 'core.db')
  const copy = join(folder, 'copy.db')
  backupSqlite(file, copy)
  const files = readdirSync(folder).filter((name) => /\.db(-wal|-shm)?$/.test(name))
  assert.deepEqual(files.sort(), ['copy.db', 'core.db', 'core.db-shm', 'core.db-wal'])
  for (const name of files) {
    const bytes = readFileSync(join(folder, name)).toString('latin1')
    const found = replaced.filter((mark) => bytes.includes(mark))
    assert.equal(found.length, 0, `${found.length} of ${replaced.length} in ${name}`)
  }
}

async function checkTable({ db }: Storage): Promise<void> {
  await sql`checkpoint`.execute(db)
  const { rows } = await sql<{ bytes: Buffer }>`
    select pg_read_binary_file(pg_relation_filepath('connections')) as bytes`.execute(db)
  const bytes = rows[0]?.bytes.toString('latin1') ?? ''
  assert.ok(bytes.length > 100_000)
  assert.equal(replaced.filter((mark) => bytes.includes(mark)).length, 0)
}

const arguments_ = (config: string) => [...program, 'core', 'rotate-token', '--config', config]

const rotate = (config: string) => spawn(node, arguments_(config), { stdio: 'ignore' })

/** Kills the process, as a crash would, once `happened`. */
async function killWhen(child: ChildProcess, happened: () => Promise<boolean>): Promise<void> {
  let running = true
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  ended.then(() => {
    running = false
  })
  while (running && !(await happened())) await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGKILL')
  await ended
}

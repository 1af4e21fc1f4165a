import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgres } from '../../infra/parts/postgres.ts'
import { decryptCredentials } from '../../src/core-api/crypto/credentials.ts'
import { Connections } from '../../src/core-api/store/connections.ts'
import { openStorage } from '../../src/core-api/store/open.ts'
import { ALICE, ALPHA, newConnection, startCoreUnderTest, startSigner } from './kit.ts'
import { coreApiSuite } from './suite.ts'

describe('PostgreSQL', () => {
  let postgres: Postgres
  let count = 0
  const emptyDatabase = () => postgres.createDatabase(`core_${++count}`)
  before(async () => {
    postgres = await startPostgres()
  })
  after(() => postgres.close())

  coreApiSuite('PostgreSQL', emptyDatabase)

  test('a dump contains no plain-text credentials, and can be restored elsewhere', async () => {
    const signer = await startSigner()
    const url = await emptyDatabase()
    const core = await startCoreUnderTest(signer, url)
    const folder = mkdtempSync(join(tmpdir(), 'core-dump-'))
    const file = join(folder, 'core.sql')
    try {
      const credentials = { username: 'needle-user', password: 'needle-word' }
      const body = newConnection('dumped', { credentials })
      const made = await core.as(ALICE).post('/api/datasetConnections').set('AOA-Project-ID', ALPHA).send(body)
      const database = new URL(url).pathname.slice(1)
      const dumped = await postgres.client('pg_dump', ['--no-owner', '--file', file, database])
      assert.ok(dumped.ok, dumped.tail)
      const dump = readFileSync(file, 'utf8')
      assert.ok(dump.includes(made.body.id) && !dump.includes('needle'))

      const restoredUrl = await emptyDatabase()
      const restoredName = new URL(restoredUrl).pathname.slice(1)
      const restored = await postgres.client('psql', ['--set', 'ON_ERROR_STOP=1', '--file', file, restoredName])
      assert.ok(restored.ok, restored.tail)
      const storage = await openStorage({ url: restoredUrl, connections: 1, timeoutSeconds: 5 }, core.deps.log)
      const record = await new Connections(storage.db).find(ALPHA, made.body.id)
      assert.ok(record)
      assert.deepEqual(await decryptCredentials(core.deps.cipher, record, record.credentials), credentials)
      await storage.close()
    } finally {
      rmSync(folder, { recursive: true })
      await core.close()
      await signer.close()
    }
  })

  test('while it is down requests get 503, and afterwards nothing is incomplete', async () => {
    const signer = await startSigner()
    const core = await startCoreUnderTest(signer, await emptyDatabase())
    const path = '/api/datasetConnections'
    const create = (name: string) => core.as(ALICE).post(path).set('AOA-Project-ID', ALPHA).send(newConnection(name))
    try {
      assert.equal((await create('before')).status, 201)
      const inFlight = Promise.all(Array.from({ length: 20 }, (_, at) => create(`during ${at}`)))
      await postgres.crash()
      const responses = await inFlight
      for (const { status, body } of responses) assert.ok(status === 201 || body.reason === 'storage-down', `${status}`)
      const gone = await create('gone')
      assert.deepEqual([gone.status, gone.body.reason, gone.headers['retry-after']], [503, 'storage-down', '5'])
      assert.equal((await core.anonymous.get('/readyz')).status, 503)
      assert.equal((await core.anonymous.get('/healthz')).status, 200)

      await postgres.restart()
      assert.equal((await core.anonymous.get('/readyz')).status, 200)
      const list = await core.as(ALICE).get(path).query({ size: 100 }).set('AOA-Project-ID', ALPHA)
      const names: string[] = list.body._embedded.datasetConnections.map(({ name }: { name: string }) => name)
      responses.forEach(({ status }, at) => {
        if (status === 201) assert.ok(names.includes(`during ${at}`), `during ${at} was answered 201`)
      })
      for (const name of names) {
        const stored = list.body._embedded.datasetConnections.find((each: { name: string }) => each.name === name)
        const checked = await core
          .as(ALICE)
          .post(`${path}/validate`)
          .set('AOA-Project-ID', ALPHA)
          .send({ id: stored.id })
        assert.equal(checked.status, 200, `${name} is whole`)
      }
    } finally {
      await core.close()
      await signer.close()
    }
  })
})

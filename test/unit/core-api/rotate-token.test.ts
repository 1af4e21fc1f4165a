import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { CredentialCipher } from '../../../src/core-api/crypto/credential-cipher.ts'
import { decryptCredentials } from '../../../src/core-api/crypto/credentials.ts'
import { rotateToken } from '../../../src/core-api/crypto/rotate-token.ts'
import type { Connections } from '../../../src/core-api/store/connections.ts'
import {
  ALICE,
  ALPHA,
  type CoreUnderTest,
  newConnection,
  type Signer,
  startCoreUnderTest,
  startSigner,
  TOKEN,
} from '../../core/kit.ts'

const log = pino({ level: 'silent' })
const quiet = () => undefined
let signer: Signer
before(async () => {
  signer = await startSigner()
})
after(() => signer.close())

async function withConnections(count: number): Promise<CoreUnderTest & { ids: string[] }> {
  const core = await startCoreUnderTest(signer, 'sqlite::memory:')
  const ids: string[] = []
  for (let at = 0; at < count; at++) {
    const body = newConnection(`c${at}`, {
      credentials: { username: `u${at}`, password: `p${at}` },
      personal: at % 2 > 0,
    })
    const made = await core.as(ALICE).post('/api/datasetConnections').set('AOA-Project-ID', ALPHA).send(body)
    ids.push(made.body.id)
  }
  return { ...core, ids }
}

async function passwords({ deps, ids }: { deps: CoreUnderTest['deps']; ids: string[] }, cipher: CredentialCipher) {
  const read = ids.map(async (id) => {
    const record = await deps.connections.find(ALPHA, id)
    assert.ok(record)
    return (await decryptCredentials(cipher, record, record.credentials)).password
  })
  return Promise.all(read)
}
const expected = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`)

test('afterwards the previous token is not needed, and revisions are unchanged', async () => {
  const core = await withConnections(12)
  const cipher = await CredentialCipher.create(['new-token', TOKEN])
  const { connections } = core.deps
  assert.deepEqual(await rotateToken({ connections, cipher, log }, quiet), { reencrypted: 12, unreadable: [] })
  const onlyNew = await CredentialCipher.create(['new-token'])
  assert.deepEqual(await passwords(core, onlyNew), expected(12))
  assert.deepEqual([...(await connections.countByKey())], [[onlyNew.currentId, 12]])
  assert.equal((await connections.find(ALPHA, core.ids[0] ?? ''))?.revision, 1)
  assert.deepEqual(await rotateToken({ connections, cipher, log }, quiet), { reencrypted: 0, unreadable: [] })
  await core.close()
})

test('stopped at any point, everything is readable with both tokens, and the next run continues', async () => {
  const core = await withConnections(9)
  const cipher = await CredentialCipher.create(['new-token', TOKEN])
  let reencrypted = 0
  for (let stopAfter = 0; reencrypted < 9; stopAfter++) {
    const connections = stoppingAfter(core.deps.connections, stopAfter % 3)
    await rotateToken({ connections, cipher, log }, quiet).catch((error: Error) =>
      assert.equal(error.message, 'killed'),
    )
    assert.deepEqual(await passwords(core, cipher), expected(9))
    reencrypted = (await core.deps.connections.countByKey()).get(cipher.currentId) ?? 0
  }
  await core.close()
})

test('a change in the meantime wins, and is re-encrypted in the next round', async () => {
  const core = await withConnections(3)
  const cipher = await CredentialCipher.create(['new-token', TOKEN])
  const edited = core.ids[1] ?? ''
  let done = false
  const connections = Object.create(core.deps.connections, {
    replace: {
      value: async (...args: Parameters<Connections['replace']>) => {
        if (args[0].id === edited && !done) {
          done = true
          const credentials = { username: 'u', password: 'edited meanwhile' }
          const path = `/api/datasetConnections/${edited}`
          const response = await core.as(ALICE).put(path).set('AOA-Project-ID', ALPHA).send({ credentials })
          assert.equal(response.status, 200)
        }
        return core.deps.connections.replace(...args)
      },
    },
    outdated: { value: core.deps.connections.outdated.bind(core.deps.connections) },
  }) as Connections
  assert.equal((await rotateToken({ connections, cipher, log }, quiet)).reencrypted, 3)
  assert.deepEqual(await passwords(core, await CredentialCipher.create(['new-token'])), [
    'p0',
    'edited meanwhile',
    'p2',
  ])
  await core.close()
})

test('what no configured token decrypts is reported and not changed', async () => {
  const core = await withConnections(3)
  const broken = core.ids[2] ?? ''
  await core.storage.db.updateTable('connections').set({ host: 'moved.example' }).where('id', '=', broken).execute()
  const before = await core.deps.connections.find(ALPHA, broken)
  const cipher = await CredentialCipher.create(['new-token', TOKEN])
  const { connections } = core.deps
  assert.deepEqual(await rotateToken({ connections, cipher, log }, quiet), { reencrypted: 2, unreadable: [broken] })
  assert.deepEqual(await connections.find(ALPHA, broken), before)
  await core.close()
})

function stoppingAfter(connections: Connections, count: number): Connections {
  let left = count
  return Object.create(connections, {
    replace: {
      value: async (...args: Parameters<Connections['replace']>) => {
        if (left-- <= 0) throw new Error('killed')
        return connections.replace(...args)
      },
    },
    outdated: { value: connections.outdated.bind(connections) },
  }) as Connections
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { unsealCredentials } from '../../../src/core-api/credentials.ts'
import { KeyRing } from '../../../src/core-api/crypto/keyring.ts'
import { rotateTokens } from '../../../src/core-api/rotate.ts'
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

async function passwords({ deps, ids }: { deps: CoreUnderTest['deps']; ids: string[] }, ring: KeyRing) {
  const read = ids.map(async (id) => {
    const record = await deps.connections.find(ALPHA, id)
    assert.ok(record)
    return (await unsealCredentials(ring, record, record.credentials)).password
  })
  return Promise.all(read)
}
const expected = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`)

test('afterwards the former token is needed no more, and revisions are as they were', async () => {
  const core = await withConnections(12)
  const ring = await KeyRing.open(['new-token', TOKEN])
  const { connections } = core.deps
  assert.deepEqual(await rotateTokens({ connections, ring, log }, quiet), { resealed: 12, unreadable: [] })
  const onlyNew = await KeyRing.open(['new-token'])
  assert.deepEqual(await passwords(core, onlyNew), expected(12))
  assert.deepEqual([...(await connections.countByKey())], [[onlyNew.currentId, 12]])
  assert.equal((await connections.find(ALPHA, core.ids[0] ?? ''))?.revision, 1)
  assert.deepEqual(await rotateTokens({ connections, ring, log }, quiet), { resealed: 0, unreadable: [] })
  await core.close()
})

test('stopped at any point, everything is readable with both tokens, and it goes on from there', async () => {
  const core = await withConnections(9)
  const ring = await KeyRing.open(['new-token', TOKEN])
  let resealed = 0
  for (let stopAfter = 0; resealed < 9; stopAfter++) {
    const connections = stoppingAfter(core.deps.connections, stopAfter % 3)
    await rotateTokens({ connections, ring, log }, quiet).catch((error: Error) => assert.equal(error.message, 'killed'))
    assert.deepEqual(await passwords(core, ring), expected(9))
    resealed = (await core.deps.connections.countByKey()).get(ring.currentId) ?? 0
  }
  await core.close()
})

test('an edit made meanwhile wins, and is sealed anew in the next round', async () => {
  const core = await withConnections(3)
  const ring = await KeyRing.open(['new-token', TOKEN])
  const edited = core.ids[1] ?? ''
  let done = false
  const connections = Object.create(core.deps.connections, {
    reseal: {
      value: async (...args: Parameters<Connections['reseal']>) => {
        if (args[0] === edited && !done) {
          done = true
          const credentials = { username: 'u', password: 'edited meanwhile' }
          const path = `/api/datasetConnections/${edited}`
          const answer = await core.as(ALICE).put(path).set('AOA-Project-ID', ALPHA).send({ credentials })
          assert.equal(answer.status, 200)
        }
        return core.deps.connections.reseal(...args)
      },
    },
    sealedOtherwise: { value: core.deps.connections.sealedOtherwise.bind(core.deps.connections) },
  }) as Connections
  assert.equal((await rotateTokens({ connections, ring, log }, quiet)).resealed, 3)
  assert.deepEqual(await passwords(core, await KeyRing.open(['new-token'])), ['p0', 'edited meanwhile', 'p2'])
  await core.close()
})

test('what no configured token reads is named and left as it is', async () => {
  const core = await withConnections(3)
  const broken = core.ids[2] ?? ''
  await core.storage.db.updateTable('connections').set({ host: 'moved.example' }).where('id', '=', broken).execute()
  const before = await core.deps.connections.find(ALPHA, broken)
  const ring = await KeyRing.open(['new-token', TOKEN])
  const { connections } = core.deps
  assert.deepEqual(await rotateTokens({ connections, ring, log }, quiet), { resealed: 2, unreadable: [broken] })
  assert.deepEqual(await connections.find(ALPHA, broken), before)
  await core.close()
})

function stoppingAfter(connections: Connections, count: number): Connections {
  let left = count
  return Object.create(connections, {
    reseal: {
      value: async (...args: Parameters<Connections['reseal']>) => {
        if (left-- <= 0) throw new Error('killed')
        return connections.reseal(...args)
      },
    },
    sealedOtherwise: { value: connections.sealedOtherwise.bind(connections) },
  }) as Connections
}

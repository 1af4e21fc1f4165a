import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import { startCore } from '../../../src/core-api/service.ts'
import {
  ALICE,
  ALPHA,
  coreConfig,
  newConnection,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
} from '../../core/kit.ts'

const PATH = '/api/datasetConnections'
let signer: Signer
before(async () => {
  signer = await startSigner()
})
after(() => signer.close())

/** What the client `ci` may do: read the directory, read credentials for a job, create a project, list connections. */
async function permissionsWith(access: string) {
  const core = await startCoreUnderTest(signer, 'sqlite::memory:', `access: { adminGroup: modelops-admins${access} }`)
  try {
    const made = await core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(newConnection('shared'))
    const job = `${PATH}/${made.body.id}/job?user=alice`
    const statuses = [
      await core.as(SERVICE).get('/api/directory'),
      await core.as(SERVICE).get(job).set('AOA-Project-ID', ALPHA),
      await core.as(SERVICE).post('/api/projects').send({ name: 'new' }),
      await core.as(SERVICE).get(PATH).set('AOA-Project-ID', ALPHA),
    ]
    return statuses.map(({ status }) => status)
  } finally {
    await core.close()
  }
}

const table: [string, string, number[]][] = [
  ['no list', '', [403, 403, 403, 403]],
  ['directoryReaders', ', directoryReaders: [ci]', [200, 403, 403, 403]],
  ['jobUsers', ', jobUsers: [ci]', [403, 200, 403, 403]],
  ['adminClients', ', adminClients: [ci]', [403, 403, 201, 200]],
  ['serviceUsers, which is deprecated', ', serviceUsers: [ci]', [200, 200, 201, 200]],
]
for (const [what, access, expected] of table)
  test(`a machine in ${what} may do that and nothing else`, async () => {
    assert.deepEqual(await permissionsWith(access), expected)
  })

test('a machine in serviceUsers causes a warning at start', async () => {
  for (const [access, warnings] of [
    ['serviceUsers: [ci]', 1],
    ['jobUsers: [ci]', 0],
  ] as const) {
    const lines: string[] = []
    const log = pino({}, { write: (line: string) => void lines.push(line) })
    const more = `access: { adminGroup: admins, ${access} }\nserver: { listen: "127.0.0.1:0", drainSeconds: 0 }`
    const service = await startCore(coreConfig(signer, 'sqlite::memory:', more), log, Date.now)
    await service.close()
    assert.equal(lines.filter((line) => line.includes('deprecated-key')).length, warnings)
  }
})

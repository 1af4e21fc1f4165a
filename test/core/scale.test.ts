import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Postgres, startPostgres } from '../../infra/parts/postgres.ts'
import type { CoreDeps } from '../../src/core-api/deps.ts'
import {
  ADMIN,
  ALICE,
  ALPHA,
  type CoreUnderTest,
  newConnection,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
} from './kit.ts'

const PROJECTS = 10_000
const CONNECTIONS = 100_000

/** Measured in two projects, without and with 10,000 other projects and their 100,000 connections. */
describe('response times do not grow with the data of other projects', () => {
  let signer: Signer
  let postgres: Postgres
  before(async () => {
    signer = await startSigner()
    postgres = await startPostgres()
  })
  after(async () => {
    await postgres.close()
    await signer.close()
  })

  for (const database of ['SQLite', 'PostgreSQL'])
    test(`on ${database}`, async (context) => {
      const url = database === 'SQLite' ? 'sqlite::memory:' : await postgres.createDatabase('scale')
      const core = await startCoreUnderTest(signer, url)
      try {
        const made = await core.as(ALICE).post(PATH).set(inAlpha).send(newConnection('mine'))
        const few = await times(core, made.body.id)
        await fill(core)
        const many = await times(core, made.body.id)
        for (const [what, ms] of Object.entries(many)) {
          const before = few[what as keyof typeof few]
          context.diagnostic(`${database}: ${what}: ${before.toFixed(1)} ms, then ${ms.toFixed(1)} ms`)
          assert.ok(ms < before * 4 + 10, `${what}: ${before} ms before, ${ms} ms after`)
        }
        const all = await core.as(ADMIN).get('/api/projects?size=100&page=99')
        assert.equal(all.body._embedded.projects.length, 100)
        assert.equal((await core.as(SERVICE).get('/api/directory')).body.projects.length, PROJECTS + 2)
      } finally {
        await core.close()
      }
    })
})

const PATH = '/api/datasetConnections'
const inAlpha = { 'AOA-Project-ID': ALPHA }

async function times(core: CoreUnderTest, id: string) {
  return {
    'list of my projects': await median(() => core.as(ALICE).get('/api/projects')),
    'list of connections': await median(() => core.as(ALICE).get(PATH).set(inAlpha)),
    'check and read of one connection': await median(() => core.as(ALICE).get(`${PATH}/${id}`).set(inAlpha)),
    'encrypted credentials for a job': await median(() =>
      core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha),
    ),
  }
}

/** Milliseconds. */
async function median(ask: () => PromiseLike<{ status: number }>): Promise<number> {
  const taken: number[] = []
  for (let count = 0; count < 41; count++) {
    const began = performance.now()
    assert.equal((await ask()).status, 200)
    taken.push(performance.now() - began)
  }
  return taken.sort((a, b) => a - b)[20] ?? 0
}

async function fill({ storage, deps }: Pick<CoreUnderTest, 'storage'> & { deps: CoreDeps }): Promise<void> {
  const id = (kind: number, at: number) =>
    `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(at).padStart(12, '0')}`
  const times_ = { revision: 1, created_at: 0, updated_at: 0 }
  const text = { description: '', git_repository_url: '', branch: '' }
  await storage.db.transaction().execute(async (db) => {
    for (let at = 0; at < PROJECTS; at += 500) {
      const ats = Array.from({ length: 500 }, (_, offset) => at + offset)
      const named = ats.map((n) => ({
        id: id(1, n),
        name: `project ${n}`,
        name_key: `project ${n}`,
        archived: 0,
        ...text,
        ...times_,
      }))
      await db.insertInto('projects').values(named).execute()
      const groups = ats.map((n) => ({ project_id: id(1, n), group_name: `group-${n}`, access: 'editor' as const }))
      await db.insertInto('project_groups').values(groups).execute()
    }
    const encrypted = {
      username_sealed: 'x',
      password_sealed: 'x'.repeat(100),
      key_id: deps.cipher.currentId,
      format: 2 as const,
    }
    const target = { description: '', host: 'h', log_mech: 'TD2', database: '', val_db: '', byom_db: '' }
    for (let at = 0; at < CONNECTIONS; at += 1000) {
      const rows = Array.from({ length: 1000 }, (_, offset) => at + offset).map((n) => ({
        ...{ id: id(2, n), project_id: id(1, n % PROJECTS), name: `c${n}`, name_key: `c${n}` },
        ...{ scope: n % 3 === 0 ? 'sub-other' : '', owner: 'sub-other', owner_name: 'other' },
        ...target,
        ...encrypted,
        ...times_,
      }))
      await db.insertInto('connections').values(rows).execute()
    }
  })
}

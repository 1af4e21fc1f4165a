import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  ADMIN,
  ALICE,
  ALPHA,
  BETA,
  BOB,
  type CoreUnderTest,
  DAVE,
  newConnection,
  type Person,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
  UNKNOWN,
  VERA,
} from './kit.ts'

const PATH = '/api/datasetConnections'
const inAlpha = { 'AOA-Project-ID': ALPHA }

/** What holds whatever database is below; `storageUrl` gives an empty one. */
export function coreApiSuite(database: string, storageUrl: () => Promise<string>): void {
  describe(`the core API on ${database}`, () => {
    let signer: Signer
    let core: CoreUnderTest
    before(async () => {
      signer = await startSigner()
      core = await startCoreUnderTest(signer, await storageUrl())
    })
    after(async () => {
      await core.close()
      await signer.close()
    })

    const create = async (who: Person, body: object, project = ALPHA) => {
      const answer = await core.as(who).post(PATH).set('AOA-Project-ID', project).send(body)
      assert.equal(answer.status, 201, answer.text)
      return answer.body as { id: string; revision: number } & Record<string, unknown>
    }
    const names = (answer: { body: { _embedded: Record<string, { name: string }[]> } }) =>
      Object.values(answer.body._embedded).flatMap((items) => items.map(({ name }) => name))

    describe('projects', () => {
      test('everybody sees their own, and administrators all, as a HAL page', async () => {
        const table: [Person, string[]][] = [
          [ALICE, ['alpha']],
          [BOB, ['alpha', 'beta']],
          [VERA, ['alpha']],
          [DAVE, []],
          [ADMIN, ['alpha', 'beta']],
          [SERVICE, ['alpha', 'beta']],
        ]
        for (const [who, expected] of table) {
          const answer = await core.as(who).get('/api/projects')
          assert.equal(answer.status, 200)
          assert.deepEqual(names(answer), expected, who.sub)
          assert.equal(answer.body.page.totalElements, expected.length)
        }
      })

      test('pages, order and searches are as the published client asks for them', async () => {
        const first = await core.as(BOB).get('/api/projects').query({ page: 0, size: 1, sort: 'name?desc' })
        assert.deepEqual(names(first), ['beta'])
        assert.deepEqual(first.body.page, { size: 1, totalElements: 2, totalPages: 2, number: 0 })
        const second = await core.as(BOB).get('/api/projects').query({ page: 1, size: 1, sort: 'name,desc' })
        assert.deepEqual(names(second), ['alpha'])
        assert.deepEqual(names(await core.as(BOB).get('/api/projects/search/findByName?name=ALP')), ['alpha'])
        assert.deepEqual(names(await core.as(BOB).get('/api/projects/search/findByName?name=%25')), [])
        assert.deepEqual(names(await core.as(BOB).get('/api/projects/search/findByArchived?archived=true')), [])
        const found = await core.as(ALICE).get(`/api/projects/search/findById?id=${ALPHA}&projection=expandProject`)
        assert.equal(found.body.name, 'alpha')
      })

      test('an unknown project and a foreign one are answered alike, by path, header and query', async () => {
        for (const ask of [
          (id: string) => core.as(ALICE).get(`/api/projects/${id}`),
          (id: string) => core.as(ALICE).get(PATH).set('AOA-Project-ID', id),
          (id: string) => core.as(ALICE).get(`${PATH}?projectId=${id}`),
          (id: string) => core.as(ALICE).get('/api/projects').set('VMO-Project-ID', id),
        ]) {
          const [unknown, foreign] = [await ask(UNKNOWN), await ask(BETA)]
          assert.ok(unknown.status === 404 || unknown.status === 403)
          assert.equal(foreign.status, unknown.status)
          assert.deepEqual({ ...foreign.body, request_id: '' }, { ...unknown.body, request_id: '' })
        }
      })

      test('only administrators create, change and archive projects', async () => {
        for (const who of [ALICE, VERA, DAVE]) {
          const answers = [
            await core.as(who).post('/api/projects').send({ name: 'mine' }),
            await core
              .as(who)
              .put(`/api/projects/${ALPHA}`)
              .send({ groups: ['everybody'] }),
            await core.as(who).post(`/api/archives/PROJECT/${ALPHA}`),
          ]
          assert.deepEqual(
            answers.map(({ body }) => body.reason),
            ['admin-only', 'admin-only', 'admin-only'],
          )
        }
        const made = await core
          .as(ADMIN)
          .post('/api/projects')
          .send({ name: 'gamma', groups: ['project-gamma'] })
        assert.equal(made.status, 201)
        const changed = await core.as(ADMIN).put(`/api/projects/${made.body.id}`).send({ description: 'third' })
        assert.deepEqual([changed.body.description, changed.body.groups], ['third', ['project-gamma']])
      })

      test('an answer can be changed and sent back, as the published client does', async () => {
        const { body } = await core.as(ADMIN).get(`/api/projects/${BETA}`)
        const changed = await core
          .as(ADMIN)
          .put(`/api/projects/${BETA}`)
          .send({ ...body, description: 'said twice' })
        assert.equal(changed.status, 200, changed.text)
        const stale = await core
          .as(ADMIN)
          .put(`/api/projects/${BETA}`)
          .send({ ...body, description: 'from before' })
        assert.equal(stale.body.reason, 'precondition-failed')
      })

      test('a name that differs only in case or composition is taken', async () => {
        assert.equal((await core.as(ADMIN).post('/api/projects').send({ name: 'Café' })).status, 201)
        for (const name of ['CAFÉ', 'Cafe\u0301']) {
          const answer = await core.as(ADMIN).post('/api/projects').send({ name })
          assert.deepEqual([answer.status, answer.body.reason], [409, 'name-taken'], name)
        }
      })

      test('an archived project can be read and not changed, until it is taken out again', async () => {
        const id = '33333333-3333-4333-8333-333333333333'
        await core
          .as(ADMIN)
          .post('/api/projects')
          .send({ id, name: 'old', groups: ['project-alpha'] })
        const archived = await core.as(ADMIN).post(`/api/archives/PROJECT/${id}`).set('AOA-Project-ID', id)
        assert.equal(archived.body.archived, true)
        assert.equal((await core.as(ALICE).get(PATH).set('AOA-Project-ID', id)).status, 200)
        const write = await core.as(ALICE).post(PATH).set('AOA-Project-ID', id).send(newConnection('late'))
        assert.deepEqual([write.status, write.body.reason], [409, 'project-archived'])
        assert.equal((await core.as(ADMIN).delete(`/api/archives/PROJECT/${id}`)).body.archived, false)
        await create(ALICE, newConnection('in time'), id)
      })

      test('a path and a header that name two projects are not guessed at', async () => {
        const answer = await core.as(ADMIN).put(`/api/projects/${BETA}`).set(inAlpha).send({ name: 'x' })
        assert.deepEqual([answer.status, answer.body.reason], [400, 'project-ambiguous'])
      })

      test('the directory is for the service user, and unchanged it is not sent again', async () => {
        assert.equal((await core.as(ADMIN).get('/api/directory')).body.reason, 'service-only')
        const first = await core.as(SERVICE).get('/api/directory')
        const tag = String(first.headers.etag)
        assert.deepEqual(
          first.body.projects.find(({ id }: { id: string }) => id === ALPHA),
          { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['alpha-viewers'] },
        )
        assert.equal((await core.as(SERVICE).get('/api/directory').set('If-None-Match', tag)).status, 304)
        await core.as(ADMIN).put(`/api/projects/${BETA}`).send({ description: 'moves the revision' })
        assert.equal((await core.as(SERVICE).get('/api/directory').set('If-None-Match', tag)).status, 200)
      })
    })

    describe('the named project', () => {
      const table: [string, Record<string, string>, string, number, string][] = [
        ['none', {}, '', 400, 'project-missing'],
        ['one that is no UUID', { 'AOA-Project-ID': 'alpha' }, '', 400, 'project-malformed'],
        ['header and query that differ', inAlpha, `?projectId=${BETA}`, 400, 'project-ambiguous'],
        ['header and alias that differ', { ...inAlpha, 'VMO-Project-ID': BETA }, '', 400, 'project-ambiguous'],
        ['the query twice, differing', {}, `?projectId=${ALPHA}&projectId=${BETA}`, 400, 'project-ambiguous'],
      ]
      for (const [what, headers, query, status, reason] of table) {
        test(`${what} is refused as ${reason}`, async () => {
          const answer = await core.as(BOB).get(`${PATH}${query}`).set(headers)
          assert.deepEqual([answer.status, answer.body.reason], [status, reason])
        })
      }

      test('header, alias and query name it alike, in either case of letters', async () => {
        const made = await create(ALICE, newConnection('named'))
        for (const [headers, query] of [
          [{ 'AOA-Project-ID': ALPHA.toUpperCase() }, ''],
          [{ 'VMO-Project-ID': ALPHA }, ''],
          [{}, `?projectId=${ALPHA}`],
          [{ ...inAlpha, 'VMO-Project-ID': ALPHA }, `?projectId=${ALPHA}&projectId=${ALPHA}`],
        ] as const) {
          assert.equal((await core.as(ALICE).get(`${PATH}/${made.id}${query}`).set(headers)).status, 200)
        }
      })

      test('a connection of another project is not found, even by a member of both', async () => {
        const { id } = await create(BOB, newConnection('only in beta'), BETA)
        const asks = [
          (name: string) => core.as(BOB).get(`${PATH}/${name}`).set(inAlpha),
          (name: string) => core.as(BOB).put(`${PATH}/${name}`).set(inAlpha).send({ name: 'taken over' }),
          (name: string) => core.as(BOB).delete(`${PATH}/${name}`).set(inAlpha),
          (name: string) => core.as(ADMIN).delete(`${PATH}/${name}`).set(inAlpha),
          (name: string) => core.as(BOB).get(`${PATH}/search/findById?id=${name}`).set(inAlpha),
          (name: string) => core.as(SERVICE).get(`${PATH}/${name}/job?user=bob`).set(inAlpha),
        ]
        for (const ask of asks) {
          const [foreign, unknown] = [await ask(id), await ask(UNKNOWN)]
          assert.equal(foreign.status, 404)
          assert.deepEqual({ ...foreign.body, request_id: '' }, { ...unknown.body, request_id: '' })
        }
      })
    })

    describe('dataset connections', () => {
      test('viewers read shared connections and change nothing', async () => {
        const { id } = await create(ALICE, newConnection('for viewers'))
        assert.equal((await core.as(VERA).get(`${PATH}/${id}`).set(inAlpha)).status, 200)
        for (const answer of [
          await core.as(VERA).post(PATH).set(inAlpha).send(newConnection('by a viewer')),
          await core.as(VERA).put(`${PATH}/${id}`).set(inAlpha).send({ name: 'x' }),
          await core.as(VERA).delete(`${PATH}/${id}`).set(inAlpha),
          await core.as(VERA).post(`${PATH}/validate`).set(inAlpha).send(newConnection('x')),
        ])
          assert.deepEqual([answer.status, answer.body.reason], [403, 'viewer-read-only'])
      })

      test('a personal connection: who may see, change, delete and use it', async () => {
        const { id } = await create(ALICE, newConnection('private', { personal: true }))
        const see = async (who: Person) => {
          const list = await core.as(who).get(PATH).query({ size: 1000 }).set(inAlpha)
          const got = await core.as(who).get(`${PATH}/${id}`).set(inAlpha)
          const put = await core.as(who).put(`${PATH}/${id}`).set(inAlpha).send({ description: 'seen' })
          return [names(list).includes('private'), got.status, put.status]
        }
        assert.deepEqual(await see(ALICE), [true, 200, 200])
        assert.deepEqual(await see(BOB), [false, 404, 404])
        assert.deepEqual(await see(ADMIN), [false, 404, 404])
        assert.deepEqual(await see(SERVICE), [false, 404, 404])
        const job = (who: Person, user: string) => core.as(who).get(`${PATH}/${id}/job`).query({ user }).set(inAlpha)
        assert.equal((await job(SERVICE, 'alice')).status, 200)
        assert.equal((await job(SERVICE, 'bob')).status, 404)
        assert.equal((await job(ADMIN, 'alice')).body.reason, 'service-only')
        assert.equal((await job(ALICE, 'alice')).body.reason, 'service-only')
        assert.equal((await core.as(BOB).delete(`${PATH}/${id}`).set(inAlpha)).status, 404)
        assert.equal((await core.as(ADMIN).delete(`${PATH}/${id}`).set(inAlpha)).status, 204)
        assert.equal((await core.as(ALICE).get(`${PATH}/${id}`).set(inAlpha)).status, 404)
      })

      test('what somebody left behind is deleted unseen, by administrators only', async () => {
        for (const name of ['one', 'two']) await create(BOB, newConnection(name, { personal: true }))
        assert.equal((await core.as(ALICE).delete(`${PATH}?owner=sub-bob`).set(inAlpha)).body.reason, 'admin-only')
        const deleted = await core.as(ADMIN).delete(`${PATH}?owner=sub-bob`).set(inAlpha)
        assert.deepEqual(deleted.body, { deleted: 2 })
        assert.equal((await core.as(ADMIN).delete(`${PATH}?owner=`).set(inAlpha)).body.reason, 'query-invalid')
      })

      test('a name is taken once in the project and once for each owner, which tells nobody of another’s', async () => {
        await create(ALICE, newConnection('taken'))
        const again = await core.as(BOB).post(PATH).set(inAlpha).send(newConnection('TAKEN'))
        assert.deepEqual([again.status, again.body.reason], [409, 'name-taken'])
        await create(ALICE, newConnection('taken', { personal: true }))
        await create(BOB, newConnection('taken', { personal: true }))
        const other = await create(ALICE, newConnection('free'))
        const renamed = await core.as(ALICE).put(`${PATH}/${other.id}`).set(inAlpha).send({ name: 'taken' })
        assert.equal(renamed.body.reason, 'name-taken')
      })

      test('of two writers the second is told, by entity tag and by revision', async () => {
        const { id } = await create(ALICE, newConnection('contended'))
        const put = (tag: string, body: object) =>
          core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).set('If-Match', tag).send(body)
        const tag = String((await core.as(BOB).get(`${PATH}/${id}`).set(inAlpha)).headers.etag)
        assert.equal((await put(tag, { description: 'first' })).status, 200)
        for (const stale of [tag, 'W/"2"', '"99"', 'nonsense'])
          assert.deepEqual((await put(stale, { description: 'second' })).body.reason, 'precondition-failed', stale)
        assert.equal((await put('*', { revision: 1 })).body.reason, 'precondition-failed')
        const removed = await core.as(BOB).delete(`${PATH}/${id}`).set(inAlpha).set('If-Match', tag)
        assert.equal(removed.status, 412)
        assert.equal((await core.as(BOB).get(`${PATH}/${id}`).set(inAlpha)).body.description, 'first')
        const unchanged = await core.as(BOB).get(`${PATH}/${id}`).set(inAlpha).set('If-None-Match', '"2"')
        assert.equal(unchanged.status, 304)
      })

      test('of twenty writers at once from one state exactly one succeeds', async () => {
        const { id } = await create(ALICE, newConnection('crowded'))
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, at) =>
            core
              .as(ALICE)
              .put(`${PATH}/${id}`)
              .set(inAlpha)
              .set('If-Match', '"1"')
              .send({ description: `${at}` }),
          ),
        )
        assert.equal(answers.filter(({ status }) => status === 200).length, 1)
        assert.equal(answers.filter(({ status }) => status === 412).length, 19)
      })

      test('stored credentials follow no change of host, mechanism or owner', async () => {
        const { id } = await create(ALICE, newConnection('aimed'))
        const put = (body: object) => core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).send(body)
        for (const body of [{ metadata: { host: 'evil.example' } }, { metadata: { log_mech: 'LDAP' } }]) {
          const answer = await put({ ...body, credentials: { credsEncrypted: true } })
          assert.deepEqual([answer.status, answer.body.errors[0].path], [400, 'credentials'])
        }
        assert.equal((await put({ personal: true })).body.errors[0].path, 'personal')
        const known = { username: 'u', password: 'p' }
        assert.equal((await put({ metadata: { host: 'other.example' }, credentials: known })).status, 200)
        assert.equal((await put({ metadata: { database: 'elsewhere' } })).body.metadata.host, 'other.example')
      })

      test('credentials sealed by somebody else are refused: only the core seals', async () => {
        const credentials = { username: 'u', password: 'AAAA', credsEncrypted: true }
        const answer = await core.as(ALICE).post(PATH).set(inAlpha).send(newConnection('sealed', { credentials }))
        assert.deepEqual([answer.status, answer.body.errors[0].path], [400, 'credentials.credsEncrypted'])
      })

      test('a record that was changed behind the service’s back is not decrypted', async () => {
        const { id } = await create(ALICE, newConnection('tampered', { personal: true }))
        const validate = () => core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send({ id })
        const edit = (row: Record<string, string>) =>
          core.storage.db.updateTable('connections').set(row).where('id', '=', id).execute()
        assert.equal((await validate()).status, 200)
        const stored = await core.deps.connections.find(ALPHA, id)
        assert.ok(stored)
        await edit({ host: 'evil.example' })
        assert.deepEqual((await validate()).body.reason, 'credentials-unreadable')
        await edit({ host: stored.host, password_sealed: stored.credentials.username })
        assert.deepEqual((await validate()).body.reason, 'credentials-unreadable')
        await edit({ password_sealed: stored.credentials.password })
        assert.equal((await validate()).status, 200)
      })

      test('validate judges a new connection as creating it would, and keeps nothing', async () => {
        const send = (body: object) => core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send(body)
        assert.equal((await send(newConnection('never kept'))).status, 200)
        assert.equal((await send({ name: 'half' })).body.reason, 'body-invalid')
        assert.equal((await send({ id: UNKNOWN })).status, 404)
        const list = await core.as(ALICE).get(`${PATH}/search/findByName?name=never kept`).set(inAlpha)
        assert.equal(list.body.page.totalElements, 0)
      })
    })

    describe('the default connection', () => {
      const path = '/api/userAttributes'
      const find = (who: Person) => core.as(who).get(`${path}/search/findByName?name=DEFAULT_CONNECTION`).set(inAlpha)
      const set = (who: Person, id: string) =>
        core
          .as(who)
          .post(path)
          .set(inAlpha)
          .send({ name: 'DEFAULT_CONNECTION', value: { defaultDatasetConnectionId: id } })

      test('is each person’s own, and goes with the connection', async () => {
        const { id } = await create(ALICE, newConnection('default'))
        assert.equal((await find(ALICE)).status, 404)
        assert.equal((await set(ALICE, id)).status, 201)
        const found = await find(ALICE)
        assert.deepEqual(found.body.value, { defaultDatasetConnectionId: id })
        assert.equal((await find(BOB)).status, 404)
        assert.equal((await core.as(BOB).delete(`${path}/${found.body.id}`).set(inAlpha)).status, 404)
        const other = await create(ALICE, newConnection('default 2'))
        assert.equal((await set(ALICE, other.id)).body.id, found.body.id)
        assert.equal((await core.as(ALICE).delete(`${PATH}/${other.id}`).set(inAlpha)).status, 204)
        assert.equal((await find(ALICE)).status, 404)
        await set(ALICE, id)
        assert.equal(
          (
            await core
              .as(ALICE)
              .delete(`${path}/${(await find(ALICE)).body.id}`)
              .set(inAlpha)
          ).status,
          204,
        )
      })

      test('cannot be another’s personal connection, which looks like one that does not exist', async () => {
        const { id } = await create(BOB, newConnection('bob’s', { personal: true }))
        const [foreign, unknown] = [await set(ALICE, id), await set(ALICE, UNKNOWN)]
        assert.equal(foreign.status, 400)
        assert.equal(foreign.body.errors[0].expected, unknown.body.errors[0].expected)
      })
    })

    describe('secrets', () => {
      test('no answer, log line or row of the database holds a credential in the clear', async () => {
        const username = 'needle-user-7261'
        const password = 'needle-word-\'"`$\n-needle-tail'
        const credentials = { username, password, credsEncrypted: false }
        const answers: string[] = []
        const ask = async (request: PromiseLike<{ text: string; headers: object; body: { id?: string } }>) => {
          const answer = await request
          answers.push(answer.text, JSON.stringify(answer.headers))
          return answer
        }
        const post = (body: object) => ask(core.as(ALICE).post(PATH).set(inAlpha).send(body))
        const made = await post(newConnection('hidden', { credentials }))
        const id = String(made.body.id)
        await post(newConnection('hidden', { credentials }))
        await post(newConnection('wrong', { credentials: { ...credentials, passwrod: password } }))
        await post(newConnection('wrong', { credentials: { ...credentials, username: 7 } }))
        await post(newConnection('\u0000', { credentials }))
        await ask(core.as(ALICE).post(PATH).set(inAlpha).type('json').send(`{"password": "${password}`))
        await ask(core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).send({ credentials }))
        await ask(core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send({ id, credentials }))
        await ask(core.as(ALICE).get(PATH).query({ size: 1000 }).set(inAlpha))
        await ask(core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha))
        const dump = JSON.stringify(await core.storage.db.selectFrom('connections').selectAll().execute())
        assert.ok(dump.includes('"hidden"'))
        for (const where of [answers.join('\n'), core.logged(), dump])
          for (const needle of [
            'needle-user',
            'needle-word',
            'needle-tail',
            Buffer.from(password).toString('base64').slice(0, 12),
          ])
            assert.ok(!where.includes(needle), `${needle} in ${where.slice(Math.max(0, where.indexOf(needle) - 80))}`)
        assert.ok(core.logged().includes('connection-created'))
      })

      test('only the service user gets the sealed credentials, and never from a list', async () => {
        const { id } = await create(ALICE, newConnection('sealed only'))
        const job = await core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha)
        assert.match(job.body.credentials.password, /^[A-Za-z0-9_-]{64,}={0,2}$/)
        for (const who of [ALICE, ADMIN, SERVICE]) {
          const view = await core.as(who).get(`${PATH}/${id}`).set(inAlpha)
          assert.deepEqual(view.body.credentials, { credsEncrypted: true }, who.sub)
        }
      })
    })
  })
}

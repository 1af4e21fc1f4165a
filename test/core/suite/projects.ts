import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ADMIN, ALICE, ALPHA, BETA, BOB, DAVE, newConnection, type Person, SERVICE, UNKNOWN, VERA } from '../kit.ts'
import { inAlpha, namesIn, PATH, type Suite } from './suite.ts'

export function projectCases(suite: Suite): void {
  describe('projects', () => {
    test('members see their own projects, and administrators all, as a HAL page', async () => {
      const table: [Person, string[]][] = [
        [ALICE, ['alpha']],
        [BOB, ['alpha', 'beta']],
        [VERA, ['alpha']],
        [DAVE, []],
        [ADMIN, ['alpha', 'beta']],
        [SERVICE, ['alpha', 'beta']],
      ]
      for (const [who, expected] of table) {
        const response = await suite.core.as(who).get('/api/projects')
        assert.equal(response.status, 200)
        assert.deepEqual(namesIn(response), expected, who.sub)
        assert.equal(response.body.page.totalElements, expected.length)
      }
    })

    test('paging, sorting and searching work as the published client uses them', async () => {
      const first = await suite.core.as(BOB).get('/api/projects').query({ page: 0, size: 1, sort: 'name?desc' })
      assert.deepEqual(namesIn(first), ['beta'])
      assert.deepEqual(first.body.page, { size: 1, totalElements: 2, totalPages: 2, number: 0 })
      const second = await suite.core.as(BOB).get('/api/projects').query({ page: 1, size: 1, sort: 'name,desc' })
      assert.deepEqual(namesIn(second), ['alpha'])
      assert.deepEqual(namesIn(await suite.core.as(BOB).get('/api/projects/search/findByName?name=ALP')), ['alpha'])
      assert.deepEqual(namesIn(await suite.core.as(BOB).get('/api/projects/search/findByName?name=%25')), [])
      assert.deepEqual(namesIn(await suite.core.as(BOB).get('/api/projects/search/findByArchived?archived=true')), [])
      const found = await suite.core.as(ALICE).get(`/api/projects/search/findById?id=${ALPHA}&projection=expandProject`)
      assert.equal(found.body.name, 'alpha')
    })

    test('an unknown project and one of others get the same response, by path, header and query', async () => {
      for (const ask of [
        (id: string) => suite.core.as(ALICE).get(`/api/projects/${id}`),
        (id: string) => suite.core.as(ALICE).get(PATH).set('AOA-Project-ID', id),
        (id: string) => suite.core.as(ALICE).get(`${PATH}?projectId=${id}`),
        (id: string) => suite.core.as(ALICE).get('/api/projects').set('VMO-Project-ID', id),
      ]) {
        const [unknown, foreign] = [await ask(UNKNOWN), await ask(BETA)]
        assert.ok(unknown.status === 404 || unknown.status === 403)
        assert.equal(foreign.status, unknown.status)
        assert.deepEqual({ ...foreign.body, request_id: '' }, { ...unknown.body, request_id: '' })
      }
    })

    test('only administrators create, change and archive projects', async () => {
      for (const who of [ALICE, VERA, DAVE]) {
        const responses = [
          await suite.core.as(who).post('/api/projects').send({ name: 'mine' }),
          await suite.core
            .as(who)
            .put(`/api/projects/${ALPHA}`)
            .send({ groups: ['everybody'] }),
          await suite.core.as(who).post(`/api/archives/PROJECT/${ALPHA}`),
        ]
        assert.deepEqual(
          responses.map(({ body }) => body.reason),
          ['admin-only', 'admin-only', 'admin-only'],
        )
      }
      const made = await suite.core
        .as(ADMIN)
        .post('/api/projects')
        .send({ name: 'gamma', groups: ['project-gamma'] })
      assert.equal(made.status, 201)
      const changed = await suite.core.as(ADMIN).put(`/api/projects/${made.body.id}`).send({ description: 'third' })
      assert.deepEqual([changed.body.description, changed.body.groups], ['third', ['project-gamma']])
    })

    test('a response can be changed and sent back, as the published client does', async () => {
      const { body } = await suite.core.as(ADMIN).get(`/api/projects/${BETA}`)
      const changed = await suite.core
        .as(ADMIN)
        .put(`/api/projects/${BETA}`)
        .send({ ...body, description: 'said twice' })
      assert.equal(changed.status, 200, changed.text)
      const stale = await suite.core
        .as(ADMIN)
        .put(`/api/projects/${BETA}`)
        .send({ ...body, description: 'from before' })
      assert.equal(stale.body.reason, 'precondition-failed')
    })

    test('a name that differs only in case or composition is taken', async () => {
      assert.equal((await suite.core.as(ADMIN).post('/api/projects').send({ name: 'Café' })).status, 201)
      for (const name of ['CAFÉ', 'Cafe\u0301']) {
        const response = await suite.core.as(ADMIN).post('/api/projects').send({ name })
        assert.deepEqual([response.status, response.body.reason], [409, 'name-taken'], name)
      }
    })

    test('an archived project is read-only until it is restored', async () => {
      const id = '33333333-3333-4333-8333-333333333333'
      await suite.core
        .as(ADMIN)
        .post('/api/projects')
        .send({ id, name: 'old', groups: ['project-alpha'] })
      const archived = await suite.core.as(ADMIN).post(`/api/archives/PROJECT/${id}`).set('AOA-Project-ID', id)
      assert.equal(archived.body.archived, true)
      assert.equal((await suite.core.as(ALICE).get(PATH).set('AOA-Project-ID', id)).status, 200)
      const write = await suite.core.as(ALICE).post(PATH).set('AOA-Project-ID', id).send(newConnection('late'))
      assert.deepEqual([write.status, write.body.reason], [409, 'project-archived'])
      assert.equal((await suite.core.as(ADMIN).delete(`/api/archives/PROJECT/${id}`)).body.archived, false)
      await suite.create(ALICE, newConnection('in time'), id)
    })

    test('a path and a header that name two projects are denied', async () => {
      const response = await suite.core.as(ADMIN).put(`/api/projects/${BETA}`).set(inAlpha).send({ name: 'x' })
      assert.deepEqual([response.status, response.body.reason], [400, 'project-ambiguous'])
    })

    test('the directory is for the service user, and is not sent again while unchanged', async () => {
      assert.equal((await suite.core.as(ADMIN).get('/api/directory')).body.reason, 'service-only')
      const first = await suite.core.as(SERVICE).get('/api/directory')
      const tag = String(first.headers.etag)
      assert.deepEqual(
        first.body.projects.find(({ id }: { id: string }) => id === ALPHA),
        { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['alpha-viewers'] },
      )
      assert.equal((await suite.core.as(SERVICE).get('/api/directory').set('If-None-Match', tag)).status, 304)
      await suite.core.as(ADMIN).put(`/api/projects/${BETA}`).send({ description: 'moves the revision' })
      assert.equal((await suite.core.as(SERVICE).get('/api/directory').set('If-None-Match', tag)).status, 200)
    })
  })
}

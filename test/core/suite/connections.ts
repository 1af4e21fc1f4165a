import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ADMIN, ALICE, ALPHA, BOB, newConnection, type Person, SERVICE, UNKNOWN, VERA } from '../kit.ts'
import { inAlpha, namesIn, PATH, type Suite } from './suite.ts'

export function connectionCases(suite: Suite): void {
  describe('dataset connections', () => {
    test('viewers read shared connections and change nothing', async () => {
      const { id } = await suite.create(ALICE, newConnection('for viewers'))
      assert.equal((await suite.core.as(VERA).get(`${PATH}/${id}`).set(inAlpha)).status, 200)
      for (const response of [
        await suite.core.as(VERA).post(PATH).set(inAlpha).send(newConnection('by a viewer')),
        await suite.core.as(VERA).put(`${PATH}/${id}`).set(inAlpha).send({ name: 'x' }),
        await suite.core.as(VERA).delete(`${PATH}/${id}`).set(inAlpha),
        await suite.core.as(VERA).post(`${PATH}/validate`).set(inAlpha).send(newConnection('x')),
      ])
        assert.deepEqual([response.status, response.body.reason], [403, 'viewer-read-only'])
    })

    test('a personal connection: who may see, change, delete and use it', async () => {
      const { id } = await suite.create(ALICE, newConnection('private', { personal: true }))
      const see = async (who: Person) => {
        const list = await suite.core.as(who).get(PATH).query({ size: 1000 }).set(inAlpha)
        const one = await suite.core.as(who).get(`${PATH}/${id}`).set(inAlpha)
        const put = await suite.core.as(who).put(`${PATH}/${id}`).set(inAlpha).send({ description: 'seen' })
        return [namesIn(list).includes('private'), one.status, put.status]
      }
      assert.deepEqual(await see(ALICE), [true, 200, 200])
      assert.deepEqual(await see(BOB), [false, 404, 404])
      assert.deepEqual(await see(ADMIN), [false, 404, 404])
      assert.deepEqual(await see(SERVICE), [false, 404, 404])
      const job = (who: Person, user: string) =>
        suite.core.as(who).get(`${PATH}/${id}/job`).query({ user }).set(inAlpha)
      assert.equal((await job(SERVICE, 'alice')).status, 200)
      assert.equal((await job(SERVICE, 'bob')).status, 404)
      assert.equal((await job(ADMIN, 'alice')).body.reason, 'service-only')
      assert.equal((await job(ALICE, 'alice')).body.reason, 'service-only')
      assert.equal((await suite.core.as(BOB).delete(`${PATH}/${id}`).set(inAlpha)).status, 404)
      assert.equal((await suite.core.as(ADMIN).delete(`${PATH}/${id}`).set(inAlpha)).status, 204)
      assert.equal((await suite.core.as(ALICE).get(`${PATH}/${id}`).set(inAlpha)).status, 404)
    })

    test('a wrong If-Match tells an administrator nothing about somebody else’s personal connection', async () => {
      const { id } = await suite.create(ALICE, newConnection('unseen', { personal: true }))
      for (const tag of ['"99"', 'W/"1"', 'nonsense']) {
        const [foreign, unknown] = await Promise.all(
          [id, UNKNOWN].map((each) => suite.core.as(ADMIN).delete(`${PATH}/${each}`).set(inAlpha).set('If-Match', tag)),
        )
        assert.equal(foreign?.status, 404)
        assert.deepEqual({ ...foreign?.body, request_id: '' }, { ...unknown?.body, request_id: '' })
      }
      assert.equal(
        (await suite.core.as(ALICE).delete(`${PATH}/${id}`).set(inAlpha).set('If-Match', '"99"')).status,
        412,
      )
      assert.equal((await suite.core.as(ADMIN).delete(`${PATH}/${id}`).set(inAlpha).set('If-Match', '"1"')).status, 204)
    })

    test('a change is never answered with 304', async () => {
      const { id } = await suite.create(ALICE, newConnection('changed'))
      const put = suite.core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).set('If-None-Match', '*')
      assert.equal((await put.send({ description: 'new' })).status, 200)
    })

    test('only administrators delete all personal connections of a subject', async () => {
      for (const name of ['one', 'two']) await suite.create(BOB, newConnection(name, { personal: true }))
      assert.equal((await suite.core.as(ALICE).delete(`${PATH}?owner=sub-bob`).set(inAlpha)).body.reason, 'admin-only')
      const deleted = await suite.core.as(ADMIN).delete(`${PATH}?owner=sub-bob`).set(inAlpha)
      assert.deepEqual(deleted.body, { deleted: 2 })
      assert.equal((await suite.core.as(ADMIN).delete(`${PATH}?owner=`).set(inAlpha)).body.reason, 'query-invalid')
    })

    test('a name is unique in the project and per owner, and a conflict reveals nothing of others', async () => {
      await suite.create(ALICE, newConnection('taken'))
      const again = await suite.core.as(BOB).post(PATH).set(inAlpha).send(newConnection('TAKEN'))
      assert.deepEqual([again.status, again.body.reason], [409, 'name-taken'])
      await suite.create(ALICE, newConnection('taken', { personal: true }))
      await suite.create(BOB, newConnection('taken', { personal: true }))
      const other = await suite.create(ALICE, newConnection('free'))
      const renamed = await suite.core.as(ALICE).put(`${PATH}/${other.id}`).set(inAlpha).send({ name: 'taken' })
      assert.equal(renamed.body.reason, 'name-taken')
    })

    test('of two writers the second gets 412, by entity tag and by revision', async () => {
      const { id } = await suite.create(ALICE, newConnection('contended'))
      const put = (tag: string, body: object) =>
        suite.core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).set('If-Match', tag).send(body)
      const tag = String((await suite.core.as(BOB).get(`${PATH}/${id}`).set(inAlpha)).headers.etag)
      assert.equal((await put(tag, { description: 'first' })).status, 200)
      for (const stale of [tag, 'W/"2"', '"99"', 'nonsense'])
        assert.deepEqual((await put(stale, { description: 'second' })).body.reason, 'precondition-failed', stale)
      assert.equal((await put('*', { revision: 1 })).body.reason, 'precondition-failed')
      const removed = await suite.core.as(BOB).delete(`${PATH}/${id}`).set(inAlpha).set('If-Match', tag)
      assert.equal(removed.status, 412)
      assert.equal((await suite.core.as(BOB).get(`${PATH}/${id}`).set(inAlpha)).body.description, 'first')
      const unchanged = await suite.core.as(BOB).get(`${PATH}/${id}`).set(inAlpha).set('If-None-Match', '"2"')
      assert.equal(unchanged.status, 304)
    })

    test('of twenty writers at once from one state exactly one succeeds', async () => {
      const { id } = await suite.create(ALICE, newConnection('crowded'))
      const responses = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          suite.core
            .as(ALICE)
            .put(`${PATH}/${id}`)
            .set(inAlpha)
            .set('If-Match', '"1"')
            .send({ description: `${at}` }),
        ),
      )
      assert.equal(responses.filter(({ status }) => status === 200).length, 1)
      assert.equal(responses.filter(({ status }) => status === 412).length, 19)
    })

    test('stored credentials do not follow a change of host, mechanism or owner', async () => {
      const { id } = await suite.create(ALICE, newConnection('aimed'))
      const put = (body: object) => suite.core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).send(body)
      for (const body of [{ metadata: { host: 'evil.example' } }, { metadata: { log_mech: 'LDAP' } }]) {
        const response = await put({ ...body, credentials: { credsEncrypted: true } })
        assert.deepEqual([response.status, response.body.errors[0].path], [400, 'credentials'])
      }
      assert.equal((await put({ personal: true })).body.errors[0].path, 'personal')
      const known = { username: 'u', password: 'p' }
      assert.equal((await put({ metadata: { host: 'other.example' }, credentials: known })).status, 200)
      assert.equal((await put({ metadata: { database: 'elsewhere' } })).body.metadata.host, 'other.example')
    })

    test('credentials that a client has encrypted are denied', async () => {
      const credentials = { username: 'u', password: 'AAAA', credsEncrypted: true }
      const response = await suite.core
        .as(ALICE)
        .post(PATH)
        .set(inAlpha)
        .send(newConnection('encrypted', { credentials }))
      assert.deepEqual([response.status, response.body.errors[0].path], [400, 'credentials.credsEncrypted'])
    })

    test('a record that was changed in the database is not decrypted', async () => {
      const { id } = await suite.create(ALICE, newConnection('tampered', { personal: true }))
      const validate = () => suite.core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send({ id })
      const edit = (row: Record<string, string>) =>
        suite.core.storage.db.updateTable('connections').set(row).where('id', '=', id).execute()
      assert.equal((await validate()).status, 200)
      const stored = await suite.core.deps.connections.find(ALPHA, id)
      assert.ok(stored)
      await edit({ host: 'evil.example' })
      assert.deepEqual((await validate()).body.reason, 'credentials-unreadable')
      await edit({ host: stored.host, password_sealed: stored.credentials.username })
      assert.deepEqual((await validate()).body.reason, 'credentials-unreadable')
      await edit({ password_sealed: stored.credentials.password })
      assert.equal((await validate()).status, 200)
    })

    test('validate checks a new connection like a creation, and stores nothing', async () => {
      const send = (body: object) => suite.core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send(body)
      assert.equal((await send(newConnection('never kept'))).status, 200)
      assert.equal((await send({ name: 'half' })).body.reason, 'body-invalid')
      assert.equal((await send({ id: UNKNOWN })).status, 404)
      const list = await suite.core.as(ALICE).get(`${PATH}/search/findByName?name=never kept`).set(inAlpha)
      assert.equal(list.body.page.totalElements, 0)
    })
  })
}

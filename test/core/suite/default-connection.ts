import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ALICE, BOB, newConnection, type Person, UNKNOWN } from '../kit.ts'
import { inAlpha, PATH, type Suite } from './suite.ts'

export function defaultConnectionCases(suite: Suite): void {
  describe('the default connection', () => {
    const path = '/api/userAttributes'
    const find = (who: Person) =>
      suite.core.as(who).get(`${path}/search/findByName?name=DEFAULT_CONNECTION`).set(inAlpha)
    const set = (who: Person, id: string) =>
      suite.core
        .as(who)
        .post(path)
        .set(inAlpha)
        .send({ name: 'DEFAULT_CONNECTION', value: { defaultDatasetConnectionId: id } })

    test('belongs to each person, and is deleted with the connection', async () => {
      const { id } = await suite.create(ALICE, newConnection('default'))
      assert.equal((await find(ALICE)).status, 404)
      assert.equal((await set(ALICE, id)).status, 201)
      const found = await find(ALICE)
      assert.deepEqual(found.body.value, { defaultDatasetConnectionId: id })
      assert.equal((await find(BOB)).status, 404)
      assert.equal((await suite.core.as(BOB).delete(`${path}/${found.body.id}`).set(inAlpha)).status, 404)
      const other = await suite.create(ALICE, newConnection('default 2'))
      assert.equal((await set(ALICE, other.id)).body.id, found.body.id)
      assert.equal((await suite.core.as(ALICE).delete(`${PATH}/${other.id}`).set(inAlpha)).status, 204)
      assert.equal((await find(ALICE)).status, 404)
      await set(ALICE, id)
      assert.equal(
        (
          await suite.core
            .as(ALICE)
            .delete(`${path}/${(await find(ALICE)).body.id}`)
            .set(inAlpha)
        ).status,
        204,
      )
    })

    test('cannot be somebody else’s personal connection, which looks like one that does not exist', async () => {
      const { id } = await suite.create(BOB, newConnection('bob’s', { personal: true }))
      const [foreign, unknown] = [await set(ALICE, id), await set(ALICE, UNKNOWN)]
      assert.equal(foreign.status, 400)
      assert.equal(foreign.body.errors[0].expected, unknown.body.errors[0].expected)
    })
  })
}

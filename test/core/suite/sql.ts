import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ALICE, newConnection } from '../kit.ts'
import { inAlpha, namesIn, PATH, type Suite } from './suite.ts'

const HOSTILE = [
  `'; drop table connections; --`,
  `x' or '1'='1`,
  `x') union select name, name, name from projects --`,
  `" or ""="`,
  `x\\'; delete from projects; --`,
]

/** What a client sends is text for the database, never a part of a statement. */
export function sqlCases(suite: Suite): void {
  const found = async (name: string) =>
    namesIn(await suite.core.as(ALICE).get(`${PATH}/search/findByName`).query({ name }).set(inAlpha))

  describe('SQL of a client', () => {
    for (const sql of HOSTILE) {
      test(`is kept as the name it is: ${sql}`, async () => {
        const { id } = await suite.create(ALICE, newConnection(sql))
        const { status, body } = await suite.core.as(ALICE).get(`${PATH}/${id}`).set(inAlpha)
        assert.deepEqual([status, body.name], [200, sql])
        assert.deepEqual(await found(sql), [sql])
        assert.equal((await suite.core.as(ALICE).delete(`${PATH}/${id}`).set(inAlpha)).status, 204)
      })

      test(`finds nothing where no connection has that name: ${sql}`, async () => {
        const { id } = await suite.create(ALICE, newConnection('stays'))
        assert.deepEqual(await found(sql), [])
        assert.equal((await suite.core.as(ALICE).delete(`${PATH}/${id}`).set(inAlpha)).status, 204)
      })
    }
  })
}

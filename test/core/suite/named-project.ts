import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ADMIN, ALICE, ALPHA, BETA, BOB, newConnection, SERVICE, UNKNOWN } from '../kit.ts'
import { inAlpha, PATH, type Suite } from './suite.ts'

export function namedProjectCases(suite: Suite): void {
  describe('the named project', () => {
    const table: [string, Record<string, string>, string, number, string][] = [
      ['none', {}, '', 400, 'project-missing'],
      ['one that is not a UUID', { 'AOA-Project-ID': 'alpha' }, '', 400, 'project-malformed'],
      ['header and query that differ', inAlpha, `?projectId=${BETA}`, 400, 'project-ambiguous'],
      ['header and alias that differ', { ...inAlpha, 'VMO-Project-ID': BETA }, '', 400, 'project-ambiguous'],
      ['the query twice, differing', {}, `?projectId=${ALPHA}&projectId=${BETA}`, 400, 'project-ambiguous'],
    ]
    for (const [what, headers, query, status, reason] of table) {
      test(`${what} is denied as ${reason}`, async () => {
        const response = await suite.core.as(BOB).get(`${PATH}${query}`).set(headers)
        assert.deepEqual([response.status, response.body.reason], [status, reason])
      })
    }

    test('header, alias and query are equivalent, in upper and lower case', async () => {
      const made = await suite.create(ALICE, newConnection('named'))
      for (const [headers, query] of [
        [{ 'AOA-Project-ID': ALPHA.toUpperCase() }, ''],
        [{ 'VMO-Project-ID': ALPHA }, ''],
        [{}, `?projectId=${ALPHA}`],
        [{ ...inAlpha, 'VMO-Project-ID': ALPHA }, `?projectId=${ALPHA}&projectId=${ALPHA}`],
      ] as const) {
        assert.equal((await suite.core.as(ALICE).get(`${PATH}/${made.id}${query}`).set(headers)).status, 200)
      }
    })

    test('a connection of another project is not found, even by a member of both', async () => {
      const { id } = await suite.create(BOB, newConnection('only in beta'), BETA)
      const asks = [
        (name: string) => suite.core.as(BOB).get(`${PATH}/${name}`).set(inAlpha),
        (name: string) => suite.core.as(BOB).put(`${PATH}/${name}`).set(inAlpha).send({ name: 'taken over' }),
        (name: string) => suite.core.as(BOB).delete(`${PATH}/${name}`).set(inAlpha),
        (name: string) => suite.core.as(ADMIN).delete(`${PATH}/${name}`).set(inAlpha),
        (name: string) => suite.core.as(BOB).get(`${PATH}/search/findById?id=${name}`).set(inAlpha),
        (name: string) => suite.core.as(SERVICE).get(`${PATH}/${name}/job?user=bob`).set(inAlpha),
      ]
      for (const ask of asks) {
        const [foreign, unknown] = [await ask(id), await ask(UNKNOWN)]
        assert.equal(foreign.status, 404)
        assert.deepEqual({ ...foreign.body, request_id: '' }, { ...unknown.body, request_id: '' })
      }
    })
  })
}

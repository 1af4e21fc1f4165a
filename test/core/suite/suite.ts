import assert from 'node:assert/strict'
import { ALPHA, type CoreUnderTest, type Person } from '../kit.ts'

export const PATH = '/api/datasetConnections'
export const inAlpha = { 'AOA-Project-ID': ALPHA }

/** The core API under test, and what most cases need of it. */
export interface Suite {
  readonly core: CoreUnderTest
  /** Creates a connection. */
  create(
    who: Person,
    body: object,
    project?: string,
  ): Promise<{ id: string; revision: number } & Record<string, unknown>>
}

export const suiteOf = (core: () => CoreUnderTest): Suite => ({
  get core() {
    return core()
  },
  async create(who, body, project = ALPHA) {
    const response = await core().as(who).post(PATH).set('AOA-Project-ID', project).send(body)
    assert.equal(response.status, 201, response.text)
    return response.body
  },
})

/** The names in a HAL page. */
export const namesIn = ({ body }: { body: { _embedded: Record<string, { name: string }[]> } }) =>
  Object.values(body._embedded).flatMap((items) => items.map(({ name }) => name))

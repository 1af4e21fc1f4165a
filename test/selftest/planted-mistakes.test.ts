import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Deployment, startDeployment } from './deployment.ts'
import { MISTAKES, type Planted } from './mistakes.ts'
import { idsOf, type JsonReport, reportOf } from './run-selftest.ts'

/** A run of selftest mostly waits, so that several deployments are tested at the same time. */
const DEPLOYMENTS = 4

/** A front with planted mistakes before a real gateway: each is found, by the cases that are about it and by no others. */
describe('planted mistakes', { concurrency: DEPLOYMENTS }, () => {
  for (let index = 0; index < DEPLOYMENTS; index += 1)
    describe(`deployment ${index + 1}`, { concurrency: 1 }, () => {
      let deployment: Deployment
      before(async () => {
        deployment = await startDeployment()
      })
      after(() => deployment?.close())

      for (const mistake of MISTAKES.filter((_, at) => at % DEPLOYMENTS === index))
        test(`found by its cases and by no others: ${mistake.name}`, async () => {
          const report = await reportWith(deployment, [mistake])
          assert.deepEqual(idsOf(report, 'fail'), [...mistake.finds].sort())
          assert.equal(report.exitCode, 1)
        })

      if (index > 0) return
      test('all mistakes at once are all found', async () => {
        const report = await reportWith(deployment, MISTAKES)
        const failed = idsOf(report, 'fail')
        const missed = MISTAKES.filter(({ finds }) => !finds.some((id) => failed.includes(id))).map(({ name }) => name)
        assert.deepEqual(missed, [])
        assert.ok(MISTAKES.length >= 10)
      })
    })
})

async function reportWith(deployment: Deployment, mistakes: readonly Planted[]): Promise<JsonReport> {
  const portOf = (url: string) => Number(new URL(url).port)
  const world = { upstreamPort: portOf(deployment.upstream.url), adminPort: portOf(deployment.gateway.adminUrl) }
  const front = await deployment.front(mistakes)
  try {
    const named = mistakes.flatMap(({ options }) => options?.(world) ?? [])
    return await reportOf([...deployment.options, ...deployment.accounts.cookie, ...named])
  } finally {
    front.close()
  }
}

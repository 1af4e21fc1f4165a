import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Deployment, startDeployment } from './deployment.ts'
import type { FrontWorld } from './front.ts'
import { MISTAKES, type Planted } from './mistakes.ts'
import { idsOf, type JsonReport, reportOf } from './run-selftest.ts'

/** A front with planted mistakes before a real gateway: each is found, by the cases that are about it and by no others. */
let deployment: Deployment
let world: FrontWorld

before(async () => {
  deployment = await startDeployment()
  const portOf = (url: string) => Number(new URL(url).port)
  world = { upstreamPort: portOf(deployment.upstream.url), adminPort: portOf(deployment.gateway.adminUrl) }
})
after(() => deployment?.close())

async function reportWith(mistakes: readonly Planted[]): Promise<JsonReport> {
  const front = await deployment.front(mistakes)
  try {
    const named = mistakes.flatMap(({ options }) => options?.(world) ?? [])
    return await reportOf([...deployment.options, ...deployment.accounts.cookie, ...named])
  } finally {
    front.close()
  }
}

for (const mistake of MISTAKES)
  test(`found by its cases and by no others: ${mistake.name}`, async () => {
    const report = await reportWith([mistake])
    assert.deepEqual(idsOf(report, 'fail'), [...mistake.finds].sort())
    assert.equal(report.exitCode, 1)
  })

test('all mistakes at once are all found', async () => {
  const report = await reportWith(MISTAKES)
  const failed = idsOf(report, 'fail')
  const missed = MISTAKES.filter(({ finds }) => !finds.some((id) => failed.includes(id))).map(({ name }) => name)
  assert.deepEqual(missed, [])
  assert.ok(MISTAKES.length >= 10)
})

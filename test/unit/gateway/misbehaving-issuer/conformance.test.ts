import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../../../misbehaving-issuer/issuer.ts'
import { CONFORMANCE_PLANS } from '../../../openid-conformance.ts'
import { LOGOUT_PLAYS, type Play, REFRESH_PLAYS, SIGN_IN_PLAYS } from './conformance-plays.ts'
import { assertLogIsClean, setUp } from './play.ts'

const PLAYS: Readonly<Record<string, Play>> = { ...SIGN_IN_PLAYS, ...REFRESH_PLAYS, ...LOGOUT_PLAYS }

let issuer: MisbehavingIssuer

before(async () => {
  issuer = await startMisbehavingIssuer()
})
after(() => issuer.close())

for (const { title, tests } of CONFORMANCE_PLANS) {
  describe(title, { concurrency: 8 }, () => {
    for (const [name, { demanded, observed }] of Object.entries(tests)) {
      test(`${name}: ${demanded}`, async () => {
        const play = PLAYS[name]
        assert.ok(play, 'nothing plays it')
        const stage = setUp(issuer, name, { ...play.issuer, ...(play.config && { config: play.config }) })
        assert.equal(await play.observe(stage), observed)
        assertLogIsClean(stage)
      })
    }
  })
}

test('every play belongs to a plan', () => {
  const listed = new Set(CONFORMANCE_PLANS.flatMap(({ tests }) => Object.keys(tests)))
  assert.deepEqual(
    Object.keys(PLAYS).filter((name) => !listed.has(name)),
    [],
  )
})

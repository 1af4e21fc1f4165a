import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DISCOVERY } from '../../../misbehaving-issuer/catalogue/discovery.ts'
import { ID_TOKEN_CLAIMS } from '../../../misbehaving-issuer/catalogue/id-token-claims.ts'
import { REFRESH_RESPONSES } from '../../../misbehaving-issuer/catalogue/refresh.ts'
import {
  AUTHORIZATION_RESPONSES,
  INTROSPECTION_RESPONSES,
  TOKEN_RESPONSES,
  USERINFO_RESPONSES,
} from '../../../misbehaving-issuer/catalogue/responses.ts'
import type { Catalogue, Row } from '../../../misbehaving-issuer/catalogue/row.ts'
import { KEY_SETS, SIGNATURES } from '../../../misbehaving-issuer/catalogue/signatures.ts'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../../../misbehaving-issuer/issuer.ts'
import { assertLogIsClean, introspect, isEndless, outcomeOf, refresh, rowsOf, setUp, signIn } from './play.ts'

let issuer: MisbehavingIssuer

before(async () => {
  issuer = await startMisbehavingIssuer()
})
after(() => issuer.close())

const SIGN_INS = {
  'claims of the ID token': ID_TOKEN_CLAIMS,
  'signatures of the ID token': SIGNATURES,
  'key sets': KEY_SETS,
  'authorization responses': AUTHORIZATION_RESPONSES,
  'token responses': TOKEN_RESPONSES,
  'userinfo responses': USERINFO_RESPONSES,
  metadata: DISCOVERY,
}

async function playSignIn(name: string, row: Row): Promise<void> {
  const stage = setUp(issuer, name, row)
  assert.equal(outcomeOf(stage, await signIn(stage)), row.outcome)
  assert.equal(stage.at.requests.moved, 0, 'no redirect is followed')
  assertLogIsClean(stage)
}

async function playRefresh(name: string, row: Row): Promise<void> {
  const stage = setUp(issuer, name, row)
  assert.equal(outcomeOf(stage, await signIn(stage)), 'accepted')
  assert.equal(await refresh(stage), row.outcome)
  assert.equal(stage.at.requests.refresh, 1, 'nothing is asked twice')
  assertLogIsClean(stage)
}

async function playIntrospection(name: string, row: Row): Promise<void> {
  const stage = setUp(issuer, name, row)
  assert.equal(await introspect(stage), row.outcome)
  assertLogIsClean(stage)
}

type Part = readonly [title: string, catalogue: Catalogue, play: (name: string, row: Row) => Promise<void>]

const PARTS: readonly Part[] = [
  ...Object.entries(SIGN_INS).map(([title, catalogue]): Part => [title, catalogue, playSignIn]),
  ['refresh responses', REFRESH_RESPONSES, playRefresh],
  ['introspection responses', INTROSPECTION_RESPONSES, playIntrospection],
]

for (const [title, catalogue, play] of PARTS) {
  describe(title, { concurrency: 8 }, () => {
    for (const [name, row] of rowsOf(catalogue)) test(`${name}: ${row.outcome}`, () => play(name, row))
  })
}

// Together, because each of them waits.
describe('responses that never come or never end', { concurrency: true }, () => {
  for (const [, catalogue, play] of PARTS) {
    for (const [name, row] of Object.entries(catalogue).filter(([name]) => isEndless(name)))
      test(`${name}: ${row.outcome}`, () => play(name, row))
  }
})

test('an ID token of an earlier sign-in gives no session, although its nonce was right once', async () => {
  let first: unknown
  const stage = setUp(issuer, 'id-token-replayed', {
    token: (right) => {
      first ??= right.id_token
      return { ...right, id_token: first }
    },
  })
  assert.equal(outcomeOf(stage, await signIn(stage)), 'accepted')
  const other = { ...stage, browser: stage.kit.browser() }
  assert.equal(outcomeOf(other, await signIn(other)), 'login-failed')
})

test('the catalogue has more than forty misbehaviours, each under one name', () => {
  const names = [...Object.values(SIGN_INS), REFRESH_RESPONSES, INTROSPECTION_RESPONSES].flatMap(Object.keys)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length > 200, String(names.length))
})

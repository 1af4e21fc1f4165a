import assert from 'node:assert/strict'
import { test } from 'node:test'
import { profileOf } from '../../../../../src/gateway/apps/profile-of.ts'
import { buildChallenges } from '../../../../../src/gateway/request/protected-resources/challenges.ts'
import { buildRoutes } from '../../../../../src/gateway/routing/routes.ts'
import { wrongCredentials } from '../../../../../src/gateway/tokens/basic/client-token.ts'
import { invalidToken } from '../../../../../src/gateway/tokens/bearer/token-refusals.ts'
import { nonceRequired } from '../../../../../src/gateway/tokens/proof/proof-refusals.ts'
import { testConfig } from '../../signin/kit.ts'

const ISSUER = { url: 'https://sso.example', clientId: 'gateway', secret: 'a-secret' }
const ALGS = 'algs="ES256 ES384 ES512 PS256 RS256 EdDSA Ed25519"'
const MLFLOW = 'resource_metadata="https://o.example/.well-known/oauth-protected-resource/mlflow"'

function challenges(
  dpop: string,
  denial: Parameters<ReturnType<typeof buildChallenges>>[1],
  authorization = '',
  name = 'mlflow',
) {
  const config = testConfig(ISSUER, { proofOfPossession: { dpop } })
  const route = buildRoutes(config, profileOf).all.find((each) => each.name === name)
  const head = { headers: { authorization } } as Parameters<ReturnType<typeof buildChallenges>>[0]['head']
  return buildChallenges(config)({ route, head }, denial)
}

test('a challenge names the metadata of the route; of the gateway, where there is no route', () => {
  assert.deepEqual(challenges('off', { headers: {} }), [`Bearer ${MLFLOW}`])
  const host = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"'
  assert.deepEqual(challenges('off', { headers: {} }, '', 'core'), [`Bearer ${host}`])
  const gateway = 'resource_metadata="https://o.example/.well-known/oauth-protected-resource"'
  assert.deepEqual(challenges('off', { headers: {} }, '', 'none'), [`Bearer ${gateway}`])
})

test('the error is in the challenge of the scheme that the client used', () => {
  const bad = invalidToken('exp')
  assert.deepEqual(challenges('off', bad), [`Bearer error="invalid_token", ${MLFLOW}`])
  assert.deepEqual(challenges('accept', bad, 'Bearer x'), [
    `Bearer error="invalid_token", ${MLFLOW}`,
    `DPoP ${ALGS}, ${MLFLOW}`,
  ])
  assert.deepEqual(challenges('accept', bad, 'DPoP x'), [
    `Bearer ${MLFLOW}`,
    `DPoP error="invalid_token", ${ALGS}, ${MLFLOW}`,
  ])
  assert.deepEqual(
    challenges('accept', nonceRequired('n'), 'DPoP x')[1],
    `DPoP error="use_dpop_nonce", ${ALGS}, ${MLFLOW}`,
  )
  assert.deepEqual(challenges('require', { headers: {} }), [`DPoP ${ALGS}, ${MLFLOW}`])
})

test('Basic credentials get the Basic challenge alone', () => {
  assert.deepEqual(challenges('accept', wrongCredentials('x'), 'Basic eDp5'), [
    'Basic realm="modelops", charset="UTF-8"',
  ])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchangeWarnings } from '../../../../src/cli/check/token-exchange.ts'
import type { RouteConfig } from '../../../../src/gateway/config/schema.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const plain = {} as RouteConfig
const exchanging = { tokenExchange: { audience: 'a', scopes: [] } } as unknown as RouteConfig
const pathsOf = (grants: unknown, routes: RouteConfig[]) =>
  exchangeWarnings({ grant_types_supported: grants }, routes).map(({ path }) => path)

test('an issuer that lists its grants without token exchange is doubtful, where a route needs it', () => {
  assert.deepEqual(pathsOf(['authorization_code'], [plain, exchanging]), ['routes.1.tokenExchange'])
  assert.deepEqual(pathsOf(['authorization_code'], [plain]), [])
  assert.deepEqual(pathsOf([GRANT], [exchanging]), [])
  assert.deepEqual(pathsOf(undefined, [exchanging]), [])
})

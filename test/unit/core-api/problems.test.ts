import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CORE_REASONS, reasonDetails } from '../../../src/core-api/operation/problems.ts'
import { REASONS } from '../../../src/gateway/errors.ts'

const gatewayStatus = new Map(Object.entries(REASONS).map(([reason, { status }]) => [reason, status]))
const shared = CORE_REASONS.filter((reason) => gatewayStatus.has(reason))

test('a reason that the gateway has too has the same status', () => {
  assert.ok(shared.length >= 15, `${shared.length} shared reasons`)
  for (const reason of shared) assert.equal(reasonDetails(reason).status, gatewayStatus.get(reason), reason)
})

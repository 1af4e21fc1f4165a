import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS, type Reason, Refusal } from '../../../src/gateway/errors.ts'

test('a refusal has the status of its reason and keeps its detail out of the words a client sees', () => {
  const refusal = new Refusal('store-down', 'redis at 10.0.0.7 refused the password')
  assert.equal(refusal.status, 503)
  assert.ok(!REASONS[refusal.reason].text.includes('10.0.0.7'))
})

test('a decision is never answered with a server error', () => {
  const decisions: Reason[] = ['login-required', 'admin-only', 'not-in-project', 'project-missing', 'app-denied']
  for (const reason of decisions) assert.ok(REASONS[reason].status < 500, reason)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS, type Reason } from '../../../../src/gateway/errors.ts'
import { type Step, stepOf, stepsOf } from '../../../../src/gateway/request/steps.ts'

/** What each step fills in, and at which step a request with that was denied. */
const target = { path: '/a', decodedPath: '/a', query: '', oddities: [] }
const located = { target, host: 'o.example', endpoint: undefined, admission: undefined }
const admission = {} as never

const rows: [Parameters<typeof stepOf>[0], Reason, Step][] = [
  [{ ...located, target: undefined, host: '' }, 'request-malformed', 'syntax'],
  [{ ...located, target: undefined, host: '' }, 'path-ambiguous', 'syntax'],
  [{ ...located, host: '' }, 'unknown-host', 'host'],
  [{ ...located, endpoint: '/auth/login' }, 'rate-limited', 'endpoint'],
  [{ ...located, endpoint: '/auth/admin' }, 'admin-only', 'endpoint'],
  [{ ...located, endpoint: '/auth/verify' }, 'admin-only', 'decide'],
  [located, 'no-route', 'route'],
  [located, 'method-not-allowed', 'route'],
  [located, 'path-ambiguous', 'route'],
  [located, 'token-invalid', 'authenticate'],
  [located, 'credentials-ambiguous', 'authenticate'],
  [located, 'rate-limited', 'authenticate'],
  [located, 'store-down', 'authenticate'],
  [located, 'cross-origin', 'cross-origin'],
  [located, 'login-required', 'decide'],
  [located, 'not-in-project', 'decide'],
  [located, 'app-denied', 'decide'],
  [located, 'audit-unavailable', 'record'],
  [{ ...located, admission }, 'app-denied', 'application'],
  [{ ...located, admission }, 'body-refused', 'application'],
  [{ ...located, admission }, 'no-such-object', 'application'],
  [{ ...located, admission }, 'upstream-down', 'forward'],
  [{ ...located, admission }, 'upstream-timeout', 'forward'],
]

for (const [context, reason, step] of rows)
  test(`${reason} at ${step}`, () => {
    assert.equal(stepOf(context, reason), step)
    assert.ok(stepsOf(step).includes(step))
  })

test('every reason has a step, wherever it occurs', () => {
  for (const reason of Object.keys(REASONS) as Reason[])
    for (const context of [located, { ...located, admission }, { ...located, target: undefined }])
      assert.ok(stepsOf(stepOf(context, reason)).length > 2, reason)
})

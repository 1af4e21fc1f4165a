import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOwned } from '../../../../../src/gateway/forward/headers/owned-headers.ts'

const owned = [
  'AOA-Project-ID',
  'aoa_project_id',
  'AOA.Project.ID',
  'aoa-project_id',
  'VMO-Project-ID',
  'X_MLFLOW_WORKSPACE',
  'X-Forwarded-User',
  'x_forwarded_user',
  'X.Forwarded.User',
  'X-Forwarded-Anything-New',
  'X-Gateway-Assertion',
  'x_gateway_assertion',
  'Remote-User',
  'REMOTE_USER',
  'X-Remote-User',
  'X-Auth-Request-Groups',
  'X-WebAuth-User',
  'Forwarded',
  'X-Real-IP',
  'X-Original-URL',
  'DPoP',
  'dpop',
  'Client-Cert',
  'client_cert',
  'Client-Cert-Chain',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'Connection',
  'TE',
  'Upgrade',
  'Transfer-Encoding',
  'transfer_encoding',
  'Content_Length',
  'Cookie',
  'Authorization',
  'Host',
  'X-Request-Id',
  'Proxy-Authorization',
  'X-Authentik-Uid',
  'OIDC_CLAIM_email',
  'X-WebAuth-Role',
  'Tailscale-User-Login',
  'Content_Type',
  'Sec_Fetch_Site',
  "X-Forwarded'User",
  'x-forwarded--user',
]
for (const name of owned) test(`drops ${name}`, () => assert.ok(isOwned(name)))

const passed = [
  'Accept',
  'Content-Type',
  'User-Agent',
  'If-None-Match',
  'Range',
  'X-Requested-With',
  'Airflow-Continuation-Token',
  'Traceparent',
  'Content-Encoding',
  'AOAX',
  'Origin',
  'Sec-Fetch-Site',
  'Sec-WebSocket-Key',
  'Remote',
  'X-Users',
  'X-Ms-Blob-Type',
]
for (const name of passed) test(`passes ${name}`, () => assert.ok(!isOwned(name)))

test('the cache of spellings is bounded', () => {
  for (let i = 0; i < 10_000; i += 1) isOwned(`x-${i}`)
  assert.ok(isOwned('aoa_project_ID'))
})

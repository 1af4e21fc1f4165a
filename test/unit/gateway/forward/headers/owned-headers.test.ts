import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADER_CONTRACT, isOwned, ownerOf } from '../../../../../src/gateway/forward/headers/owned-headers.ts'

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

/** Written out once more: a name that is lost from the table would be a name that a client may send. */
const NEVER_FROM_CLIENTS = `
  aoa-project-id x-forwarded-user x-forwarded-email x-forwarded-groups x-request-id x-gateway-assertion
  vmo-project-id x-mlflow-workspace
  x-user x-user-id x-user-name x-userid x-username x-email x-groups x-roles x-auth-user x-auth-username x-auth-email
  x-auth-groups x-client-cert x-token-subject x-mlflow-authorization
  dpop client-cert client-cert-chain
  forwarded x-real-ip x-client-ip true-client-ip x-cluster-client-ip x-original-forwarded-for x-original-url x-original-uri
  x-original-method x-original-host x-rewrite-url x-forwarded x-scheme x-host x-url-scheme front-end-https
  x-http-method-override x-http-method x-method-override via-proxy
  proxy http-proxy https-proxy
  connection proxy-connection keep-alive proxy-authorization proxy-authenticate te trailer transfer-encoding upgrade
  http2-settings
  host content-length expect cookie authorization
`
const FAMILIES_NEVER_FROM_CLIENTS = `
  x-forwarded- x-gateway- aoa-
  remote- x-remote- x-auth-request- x-webauth- x-authenticated- x-authentik- x-pomerium- x-vouch- x-goog-iap-
  x-goog-authenticated-user- x-amzn-oidc- x-ms-client-principal x-ms-token- cf-access- tailscale-user- oidc- ssl-client-
  x-ssl-client-
`
const words = (text: string) => text.trim().split(/\s+/)

for (const name of words(NEVER_FROM_CLIENTS)) {
  test(`${name} is never the client's, in any case or punctuation`, () => {
    for (const spelling of [name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')])
      assert.equal(ownerOf(spelling), 'gateway', spelling)
  })
}

for (const family of words(FAMILIES_NEVER_FROM_CLIENTS)) {
  test(`${family}* is never the client's, whatever its members are`, () => {
    for (const spelling of [`${family}anything`, `${family}anything`.toUpperCase().replaceAll('-', '_')])
      assert.equal(ownerOf(spelling), 'gateway', spelling)
    assert.equal(ownerOf(`not-${family}anything`), 'client', 'a family begins at the beginning')
  })
}

test('while tracing is on, the gateway writes the trace context, and trusted proxies what travels with it', () => {
  for (const name of ['traceparent', 'tracestate', 'TraceParent']) assert.equal(ownerOf(name), 'trace', name)
  for (const name of [
    ...['baggage', 'b3', 'uber-trace-id', 'x-cloud-trace-context', 'x-b3-sampled', 'uberctx-user', 'ot-tracer-spanid'],
    ...['ot-baggage-user', 'x-datadog-origin', 'x-amzn-trace-id', 'Uber_Trace_Id', 'X_B3_TraceId'],
  ])
    assert.equal(ownerOf(name), 'proxy', name)
  for (const name of ['trace-parent', 'b3-x', 'x-b3', 'baggage-x', 'accept', 'my-traceparent'])
    assert.equal(ownerOf(name), 'client', name)
})

test('a header that the gateway checks passes in its own spelling alone', () => {
  for (const name of ['content-type', 'Sec-Fetch-Mode', 'ORIGIN']) assert.equal(ownerOf(name), 'client', name)
  for (const name of [
    'content_type',
    'content.language',
    'sec_fetch_mode',
    'Sec.WebSocket.Key',
    'origin_',
    'Content--Type',
  ])
    assert.equal(ownerOf(name), 'gateway', name)
  assert.equal(ownerOf('x_content_type'), 'client', 'a family begins at the beginning')
})

test('the list of the public surface names every header', () => {
  const { written, removed, ...others } = HEADER_CONTRACT
  assert.deepEqual(others, { 'read as the project': ['vmo-project-id', 'x-mlflow-workspace'] })
  assert.deepEqual(written, words(NEVER_FROM_CLIENTS).slice(0, 6))
  for (const family of words(FAMILIES_NEVER_FROM_CLIENTS)) assert.ok(removed?.includes(`${family}*`), family)
  for (const name of ['x-user', 'dpop', 'x-real-ip', 'http-proxy']) assert.ok(removed?.includes(name), name)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientHeaders } from '../../../../../src/gateway/forward/headers/response-headers.ts'
import type { ResponsePlan } from '../../../../../src/gateway/forward/response-plan.ts'
import type { RequestContext } from '../../../../../src/gateway/routing/request-context.ts'

const plan: ResponsePlan = {
  cookieBase: 'Gateway',
  headers: ['X-Added', 'by the plan'],
  location: (value) => `moved:${value}`,
}
const context = { head: { requestId: 'r1' }, responseHeaders: ['Vary', 'Origin'] } as unknown as RequestContext
const END = ['X-Added', 'by the plan', 'Vary', 'Origin', 'X-Request-Id', 'r1']
const received = (...headers: string[]) => {
  const all = clientHeaders(headers, context, plan)
  assert.deepEqual(all.slice(-END.length), END)
  return all.slice(0, -END.length)
}

test('the headers of the gateway come after those of the application', () => {
  assert.deepEqual(received('Content-Type', 'a/b', 'X-A', '1', 'x-a', '2'), [
    'Content-Type',
    'a/b',
    'X-A',
    '1',
    'x-a',
    '2',
  ])
  assert.deepEqual(received(), [])
})

for (const name of [
  ...['proxy-authenticate', 'trailer', 'clear-site-data', 'x-request-id', 'x-gateway-assertion', 'dpop-nonce'],
  ...['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-allow-methods'],
  ...['access-control-allow-headers', 'access-control-expose-headers', 'access-control-max-age'],
]) {
  test(`an application cannot send ${name}`, () => {
    for (const spelling of [name, name.toUpperCase(), name])
      assert.deepEqual(received(spelling, 'x', 'Accept-Ranges', 'bytes'), ['Accept-Ranges', 'bytes'], spelling)
  })
}

test('a Location is what the client can follow', () => {
  assert.deepEqual(received('LOCATION', '/a'), ['LOCATION', 'moved:/a'])
})

for (const cookie of [
  ...[
    'gateway=1',
    'GATEWAY=1',
    '__Host-gateway=1; Path=/',
    '__Secure-Gateway=1',
    'gateway_sso=1',
    'my-gateway',
    ' gateway=1',
  ],
  ...['=gateway=1', '\t= =gateway=1', 'gateway', '==gateway=', 'gateway ; Max-Age=0'],
]) {
  test(`an application cannot set the cookie ${JSON.stringify(cookie)}`, () => {
    assert.deepEqual(received('set-cookie', cookie, 'Set-Cookie', cookie), [])
  })
}

for (const cookie of [
  'a=gateway',
  'a=1; Path=/gateway',
  'gate=way',
  'x=gateway=1',
  'session=1',
  '=a=gateway',
  'a==gateway',
])
  test(`an application can set the cookie ${JSON.stringify(cookie)}`, () => {
    assert.deepEqual(received('Set-Cookie', cookie), ['Set-Cookie', cookie])
  })

test('headers with any number of names are handled alike', () => {
  for (let at = 0; at < 3000; at++) assert.deepEqual(received(`x-${at}`, '1'), [`x-${at}`, '1'])
  assert.deepEqual(received('Clear-Site-DATA', '*', 'LoCation', '/a'), ['LoCation', 'moved:/a'])
  assert.deepEqual(received('__proto__', '1', 'constructor', '2'), ['__proto__', '1', 'constructor', '2'])
})

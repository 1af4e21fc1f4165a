import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { type AttackCase, families, fill, loadCases } from './case-file.ts'
import { type RawRequest, startRawUpstream } from './raw-upstream.ts'
import { attackRoutes } from './routes.ts'
import { SEEN, valuesOf } from './seen.ts'
import { type RawResponses, sendRaw } from './send.ts'

/** Sends each case of `cases/*.txt` through a raw socket to the whole gateway, with an upstream that records the bytes. */

let kit: Kit
let upstream: Awaited<ReturnType<typeof startRawUpstream>>
let values: Record<string, string> = {}

before(async () => {
  upstream = await startRawUpstream()
  kit = await startKit({
    routes: attackRoutes(upstream.url),
    config: { cors: { allowedOrigins: ['https://ui.example'] } },
  })
  const cookies: Record<string, string> = {}
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) {
    const browser = await signedInBrowser(kit, name)
    const all = browser.cookieHeader(new URL(kit.url)).split('; ')
    cookies[name] = all.find((cookie) => cookie.startsWith('modelops_gateway=')) ?? ''
    assert.notEqual(cookies[name], '', `${name} is signed in`)
  }
  const host = new URL(kit.url).host
  values = {
    ...cookies,
    token: await machineToken(),
    host,
    origin: kit.url,
    alpha: ALPHA,
    beta: BETA,
    ALPHA: ALPHA.toUpperCase(),
    alpha1: ALPHA.slice(1),
  }
})
after(async () => {
  await kit.close()
  upstream.close()
})

/** An access token of a machine. */
async function machineToken(): Promise<string> {
  const response = await fetch(`${kit.issuer.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token }: { access_token: string } = JSON.parse(await response.text())
  return token
}

/** Checks one expectation about the request at the upstream or about the responses. */
type Check = (argument: string, seen: RawRequest | undefined, received: RawResponses) => void | Promise<void>

const CHECKS: Record<string, Check> = {
  ...SEEN,
  second: (field) => {
    const colon = field.indexOf(': ')
    const seen = upstream.requests[1]
    assert.deepEqual(seen && valuesOf(seen, field.slice(0, colon)), [field.slice(colon + 2)])
  },
  closed: (_, _seen, received) => assert.equal(received.closed, true, 'the connection is closed'),
  responds: (field, _seen, { responses }) => {
    const head = responses[0]?.head.toLowerCase() ?? ''
    if (field.startsWith('no ')) assert.doesNotMatch(head, new RegExp(`^${field.slice(3).toLowerCase()}:`, 'm'))
    else assert.ok(head.split('\r\n').includes(field.toLowerCase()), `no "${field}" in\n${head}`)
  },
  response: (text, _seen, received) => assert.equal(received.text.includes(text.replace(/^lacks /, '')), false),
  still: async (name) => {
    const again = await sendRaw(
      kit.gateway.port,
      fill(`GET /lobby/a HTTP/1.1\r\nHost: {host}\r\nCookie: {${name}}\r\nConnection: close\r\n\r\n`, values),
    )
    assert.equal(again.responses[0]?.status, 200, `${name} is signed in`)
  },
}

/** `200`, `403 cross-origin`, `200 and 401 login-required`, `400|404`, `cut` (no 2xx, no complete request at the upstream), `no response`. */
function checkResponses(expected: string, { text, responses }: RawResponses): void {
  if (expected === 'no response') {
    assert.equal(text, '')
    return
  }
  if (expected === 'cut') {
    assert.equal(upstream.requests.length, 0, 'no complete request reached the upstream')
    assert.ok(responses.every(({ status }) => status >= 400))
    return
  }
  const wanted = expected.split(' and ')
  assert.equal(responses.length, wanted.length, text)
  for (const [i, want] of wanted.entries()) {
    const [statuses = '', reason] = want.split(' ')
    const response = responses[i]
    assert.ok(statuses.split('|').includes(String(response?.status)), `expected ${want}, got ${text}`)
    if (reason !== undefined) assert.equal(JSON.parse(response?.body ?? '').reason, reason)
  }
}

async function run({ request, expected: [first = '', ...expectations] }: AttackCase): Promise<void> {
  upstream.requests.length = 0
  const received = await sendRaw(kit.gateway.port, fill(request, values))
  checkResponses(first, received)
  const forwarded = received.responses.filter(({ status }) => status < 300).length
  const own = /^(GET|POST) \/(auth\/| )/.test(request) || request.startsWith('OPTIONS') || /^(302|502)/.test(first)
  if (!own) assert.equal(upstream.requests.length, forwarded, 'as many requests reached the upstream as were allowed')
  for (const expectation of expectations) {
    const [verb = '', ...rest] = expectation.split(' ')
    const check = CHECKS[verb]
    assert.ok(check, `unknown expectation: ${expectation}`)
    await check(fill(rest.join(' '), values), upstream.requests[0], received)
  }
}

for (const family of families().filter((name) => name !== 'redirects')) {
  const cases = loadCases(family)
  for (const each of cases) test(`${family}: ${each.name}`, () => run(each))
}

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseTarget } from '../../src/gateway/http/target.ts'
import { type AttackCase, fill, loadCases } from '../attacks/case-file.ts'
import { type RawRequest, startRawUpstream } from '../attacks/raw-upstream.ts'
import { attackRoutes } from '../attacks/routes.ts'
import { SEEN, valuesOf } from '../attacks/seen.ts'
import { asHttp2, sendHttp2 } from './http2.ts'
import { type CaddySite, SITES, startCaddySite } from './site.ts'

/**
 * The cases about headers and paths again, through a real Caddy with each Caddyfile as shipped: raw bytes over TLS, and
 * HTTP/2 where it can express a case. Caddy may deny what the gateway would have denied, and may deny more. It must not
 * change what is authorized, or let a client set headers of the gateway.
 */

const folder = mkdtempSync(join(tmpdir(), 'modelops-caddy-attacks-'))
const sites: Record<string, CaddySite> = {}
let upstream: Awaited<ReturnType<typeof startRawUpstream>>

before(async () => {
  upstream = await startRawUpstream()
  for (const name of SITES) sites[name] = await startCaddySite(name, folder, upstream.url, attackRoutes(upstream.url))
})
after(async () => {
  for (const site of Object.values(sites)) await site.close()
  upstream?.close()
  rmSync(folder, { recursive: true })
})

/** Expectations that do not apply because Caddy sets these headers itself: the client's address, and hop-by-hop headers. */
const SET_BY_CADDY = /^(?:has|once|lacks) (?:X-Forwarded-(?:For|Host|Proto)|Cookie|Host|TE|Connection)\b/
/** Caddy removes the headers that Connection names before it asks the gateway, so the project is not named any more. */
const HOP_BY_HOP = 'H3 Connection names a header of the gateway'
/** With forward auth Caddy forwards requests itself: it keeps its own request IDs and headers that are no identity. */
const FORWARDERS = /^(?:once X-Request-Id|lacks (?:X-Mine|AOA-Project-ID|X-Forwarded-|X-Gateway-))/

/** For every case: no request reached a path that bob may not use, or had another user or project. */
function checkUnforged(seen: RawRequest, values: Record<string, string>): void {
  const [, target = ''] = seen.line.split(' ')
  const { path, decodedPath } = parseTarget(target)
  assert.equal(target.split('?')[0], path, 'the forwarded path is in canonical form')
  assert.doesNotMatch(decodedPath, /^\/(?:ops|lobby\/admin)(?:\/|$)/)
  const sent = (name: string) => valuesOf(seen, name).filter((value) => value !== '')
  assert.ok(['bob', undefined].includes(sent('X-Forwarded-User')[0]))
  for (const name of ['X-Forwarded-User', 'X-Forwarded-Groups', 'AOA-Project-ID', 'X-Gateway-Assertion'])
    assert.ok(sent(name).length <= 1, `${name} is sent at most once`)
  assert.ok([values.alpha, undefined].includes(sent('AOA-Project-ID')[0]))
  assert.ok(!seen.bytes.includes(values.bob as string), 'the session cookie is not forwarded')
}

/** Cases that the gateway denies, and that Caddy normalizes first. Their requests are checked like the others. */
const normalized = new Set<string>()
/** Cases that reached the application. */
let reached = 0

const NOTHING = { status: 0, body: '' }

function check(
  name: string,
  { name: title, expected }: AttackCase,
  { status, body }: { status: number; body: string },
  values: Record<string, string>,
): void {
  const [first = '', ...expectations] = expected
  assert.ok(upstream.requests.length <= 1)
  const [seen] = upstream.requests
  if (seen) checkUnforged(seen, values)
  if (seen && /^4/.test(first)) normalized.add(title)
  if (seen && first.startsWith('200')) reached += 1
  if (!seen || !/^(?:200|302|502)/.test(first)) {
    // Denied by Caddy or the gateway, answered by the gateway itself, or an empty response of Caddy, as for hosts that it
    // does not know. What Caddy normalized and forwarded was checked above.
    if (body === '') return
    assert.ok(
      seen || status === 0 || !/^2/.test(String(status)) || !/^4/.test(first),
      `expected ${first}, got status ${status}`,
    )
    return
  }
  for (const expectation of expectations) {
    const [verb = '', ...rest] = expectation.split(' ')
    if (title === HOP_BY_HOP && expectation.startsWith('has AOA')) continue
    if (SET_BY_CADDY.test(expectation) || (name.endsWith('forward-auth') && FORWARDERS.test(expectation))) continue
    SEEN[verb]?.(fill(rest.join(' '), values), seen)
  }
}

const cases = ['headers-in', 'paths'].flatMap((family) => loadCases(family).map((each) => ({ family, each })))
for (const name of SITES) {
  for (const { family, each } of cases) {
    test(`${name}: ${family}: ${each.name}`, async () => {
      const site = sites[name] as CaddySite
      upstream.requests.length = 0
      const received = await site.raw(fill(each.request, site.values))
      check(name, each, received.responses[0] ?? NOTHING, site.values)
    })
  }

  test(`${name}: the same over HTTP/2, where it can express the case`, async () => {
    const site = sites[name] as CaddySite
    let sent = 0
    for (const { each } of cases) {
      const headers = asHttp2(fill(each.request, site.values), site.values.host as string)
      if (!headers) continue
      upstream.requests.length = 0
      const status = await sendHttp2(site, headers)
      if (status === undefined) continue
      sent += 1
      check(name, each, { status, body: 'of HTTP/2' }, site.values)
    }
    assert.ok(sent > 60, `${sent} cases were sent`)
  })

  test(`${name}: the expected cases reached the application, and the cases that Caddy normalizes are known`, () => {
    assert.ok(reached > 50, `${reached} cases reached the application`)
    assert.deepEqual([...normalized].sort(), [
      'P1 raw bytes above ASCII',
      'S-124 absolute-form of another scheme',
      'S-124 absolute-form with a user part',
      'S-124 absolute-form without a host',
    ])
  })

  test(`${name}: no client can use the forward-auth endpoint`, async () => {
    const site = sites[name] as CaddySite
    for (const path of [
      '/auth/verify',
      '/auth/verify?for=nginx',
      '/auth//verify',
      '/Auth/Verify',
      '/auth/%76erify',
      '/auth/x/../verify',
    ]) {
      const question = `X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /notes/a\r\nCookie: ${site.values.bob}\r\n`
      const received = await site.raw(`GET ${path} HTTP/1.1\r\nHost: ${site.values.host}\r\n${question}\r\n`)
      assert.doesNotMatch(received.text, /X-Gateway-Assertion/i, path)
      assert.ok((received.responses[0]?.status ?? 0) >= 400, path)
    }
  })
}

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
 * The cases about headers and paths once more, through a real Caddy with each Caddyfile as it is shipped: raw bytes over
 * TLS, and HTTP/2 where a case can be said in it. Caddy may refuse what the gateway would have refused, and may refuse
 * more; it must not change what is judged, nor let a client speak for the gateway.
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

/** Facts of a case that Caddy itself decides about in its own way: what it says of the client, and hop by hop. */
const CADDYS = /^(?:has|once|lacks) (?:X-Forwarded-(?:For|Host|Proto)|Cookie|Host|TE|Connection)\b/
/** Caddy too removes what Connection names, before it asks: a client that names its project there has named none. */
const HOP = 'H3 Connection names a header of ours'
/** With forward auth Caddy forwards by itself: it keeps its own request ids and passes what is nobody's identity. */
const FORWARDERS = /^(?:once X-Request-Id|lacks (?:X-Mine|AOA-Project-ID|X-Forwarded-|X-Gateway-))/

/** Whatever came of a case: nobody got where bob may not go, under another name or another project. */
function checkUnforged(seen: RawRequest, values: Record<string, string>): void {
  const [, target = ''] = seen.line.split(' ')
  const { path, decodedPath } = parseTarget(target)
  assert.equal(target.split('?')[0], path, 'what was sent on is in its one form')
  assert.doesNotMatch(decodedPath, /^\/(?:ops|lobby\/admin)(?:\/|$)/)
  const said = (name: string) => valuesOf(seen, name).filter((value) => value !== '')
  assert.ok(['bob', undefined].includes(said('X-Forwarded-User')[0]))
  for (const name of ['X-Forwarded-User', 'X-Forwarded-Groups', 'AOA-Project-ID', 'X-Gateway-Assertion'])
    assert.ok(said(name).length <= 1, `${name} is there once`)
  assert.ok([values.alpha, undefined].includes(said('AOA-Project-ID')[0]))
  assert.ok(!seen.bytes.includes(values.bob as string), 'the session stays behind')
}

/** Cases that the gateway refuses and Caddy brings into order first: what came of them is checked like the rest. */
const inOrder = new Set<string>()
/** Cases that went all the way. */
let reached = 0

const NOTHING = { status: 0, body: '' }

function check(
  name: string,
  { name: title, expected }: AttackCase,
  { status, body }: { status: number; body: string },
  values: Record<string, string>,
): void {
  const [first = '', ...facts] = expected
  assert.ok(upstream.requests.length <= 1)
  const [seen] = upstream.requests
  if (seen) checkUnforged(seen, values)
  if (seen && /^4/.test(first)) inOrder.add(title)
  if (seen && first.startsWith('200')) reached += 1
  if (!seen || !/^(?:200|302|502)/.test(first)) {
    // Refused by either, answered by the gateway itself, or by Caddy with nothing, as it answers for hosts that it does
    // not know; what Caddy brought into order and passed on was checked above.
    if (body === '') return
    assert.ok(
      seen || status === 0 || !/^2/.test(String(status)) || !/^4/.test(first),
      `answered ${status}, not ${first}`,
    )
    return
  }
  for (const fact of facts) {
    const [verb = '', ...rest] = fact.split(' ')
    if (title === HOP && fact.startsWith('has AOA')) continue
    if (CADDYS.test(fact) || (name.endsWith('forward-auth') && FORWARDERS.test(fact))) continue
    SEEN[verb]?.(fill(rest.join(' '), values), seen)
  }
}

const cases = ['headers-in', 'paths'].flatMap((family) => loadCases(family).map((each) => ({ family, each })))
for (const name of SITES) {
  for (const { family, each } of cases) {
    test(`${name}: ${family}: ${each.name}`, async () => {
      const site = sites[name] as CaddySite
      upstream.requests.length = 0
      const came = await site.raw(fill(each.request, site.values))
      check(name, each, came.answers[0] ?? NOTHING, site.values)
    })
  }

  test(`${name}: the same over HTTP/2, where it can be said`, async () => {
    const site = sites[name] as CaddySite
    let said = 0
    for (const { each } of cases) {
      const headers = asHttp2(fill(each.request, site.values), site.values.host as string)
      if (!headers) continue
      upstream.requests.length = 0
      const status = await sendHttp2(site, headers)
      if (status === undefined) continue
      said += 1
      check(name, each, { status, body: 'of HTTP/2' }, site.values)
    }
    assert.ok(said > 60, `${said} cases were said`)
  })

  test(`${name}: what was to pass has passed, and what Caddy brings into order is known`, () => {
    assert.ok(reached > 50, `${reached} cases reached the application`)
    assert.deepEqual([...inOrder].sort(), [
      'P1 raw bytes above ASCII',
      'S-124 absolute-form of another scheme',
      'S-124 absolute-form with a user part',
      'S-124 absolute-form without a host',
    ])
  })

  test(`${name}: nobody outside asks for a verdict`, async () => {
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
      const came = await site.raw(`GET ${path} HTTP/1.1\r\nHost: ${site.values.host}\r\n${question}\r\n`)
      assert.doesNotMatch(came.text, /X-Gateway-Assertion/i, path)
      assert.ok((came.answers[0]?.status ?? 0) >= 400, path)
    }
  })
}

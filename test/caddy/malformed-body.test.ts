import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startRawUpstream } from '../attacks/raw-upstream.ts'
import { attackRoutes } from '../attacks/routes.ts'
import { type CaddySite, SITES, startCaddySite } from './site.ts'

/**
 * One client sends a body that Caddy cannot read, so that its request to the gateway fails. A Caddy that counts this as a
 * failure of the replica has no replica left, and everybody gets 503.
 */
const BODIES = {
  'a chunk size that is no number': 'selftest\r\na=b\r\n0\r\n\r\n',
  'a negative chunk size': '-3\r\na=b\r\n0\r\n\r\n',
  'data that is longer than its chunk': '3\r\na=bcd\r\n0\r\n\r\n',
}

const folder = mkdtempSync(join(tmpdir(), 'modelops-caddy-malformed-'))
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

const post = (host: string | undefined, framing: string, body: string) =>
  `POST /auth/logout HTTP/1.1\r\nHost: ${host}\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n${framing}\r\n\r\n${body}`

for (const name of SITES)
  for (const [what, body] of Object.entries(BODIES))
    test(`${name}: ${what} takes no replica out of service`, async () => {
      const { values, raw } = sites[name] as CaddySite
      const malformed = await raw(post(values.host, 'Transfer-Encoding: chunked', body))
      assert.ok((malformed.responses[0]?.status ?? 400) >= 400)
      const ordinary = await raw(post(values.host, 'Content-Length: 3', 'a=b'))
      assert.equal(ordinary.responses[0]?.status, 200)
    })

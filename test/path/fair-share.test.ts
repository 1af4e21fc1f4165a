import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { signedInBrowser } from '../kit.ts'
import { type PathKit, startPath } from './kit.ts'

/** One project keeps as many requests waiting at the upstream as it can; another project must not notice. */

let kit: PathKit
let carol: string
const slow: ServerResponse[] = []
let wake = () => {}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (!request.url?.includes('/slow')) response.end('ok')
  else {
    slow.push(response)
    wake()
  }
}

before(async () => {
  kit = await startPath(handle, { config: { limits: { upstreamConnections: 4, upstreamShare: 0.5 } } })
  carol = (await signedInBrowser(kit, 'carol')).cookieHeader(new URL(kit.url))
})
after(() => kit.close())

const send = (cookie: string, method: string, path: string) =>
  fetch(kit.url + path, {
    method,
    headers: { cookie, origin: new URL(kit.url).origin },
    body: method === 'POST' ? 'x' : null,
  })

test('a project that holds its share of the upstream leaves the rest to others, and its own requests wait', async () => {
  const held = Array.from({ length: 8 }, () => send(kit.cookie, 'GET', '/p/slow'))
  while (slow.length < 2) await new Promise<void>((resolve) => (wake = resolve))
  const before = performance.now()
  for (let i = 0; i < 25; i += 1) {
    for (const method of ['GET', 'POST']) assert.equal((await send(carol, method, '/p/x')).status, 200)
  }
  const ms = performance.now() - before
  assert.equal(slow.length, 2)
  assert.ok(ms < 4000, `${ms} ms for 50 requests: they waited`)
  for (let served = 0; served < held.length; served += 1) {
    while (slow.length <= served) await new Promise<void>((resolve) => (wake = resolve))
    slow[served]?.end('at last')
  }
  for (const response of await Promise.all(held)) assert.equal(response.status, 200)
})

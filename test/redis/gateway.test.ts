import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import type { Browser } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { eventually } from '../redis-store.ts'

/** The whole gateway with a Redis that fails: what users see of it. */
let redis: RedisServer
let kit: Kit

before(async () => {
  redis = await startRedis()
  const session = { store: `redis://127.0.0.1:${redis.port}`, cacheSeconds: 0, staleSeconds: 0 }
  kit = await startKit({
    config: { session },
    routes: [
      { name: 'lobby', app: 'generic', path: '/lobby', access: 'login' },
      { name: 'open', app: 'generic', path: '/open', access: 'public' },
    ],
  })
})
after(async () => {
  await kit?.close()
  await redis?.close()
})

const NAVIGATION = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const lobby = (browser: Browser) => browser.fetch(`${kit.url}/lobby/x`, { headers: NAVIGATION })

/** An outage is a 503 that neither clears the cookie nor redirects to the sign-in. */
async function assertOutage(outage: Promise<Response>): Promise<void> {
  const { status, headers } = await outage
  assert.equal(status, 503)
  assert.deepEqual([headers.get('location'), headers.getSetCookie()], [null, []])
  assert.ok(Number(headers.get('retry-after')) > 0)
}

test('while Redis is down nobody can sign in and nobody is signed out, public routes work, and afterwards the same cookie works', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  assert.equal((await lobby(browser)).status, 200)
  await redis.crash()
  await assertOutage(lobby(browser))
  assert.equal((await fetch(`${kit.url}/open/x`)).status, 200)
  await redis.restart()
  await eventually(async () => (await lobby(browser)).status === 200)
})

test('a sign-out that a frozen Redis cannot store fails within the time limit, and the cookie stays valid', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  const headers = { origin: kit.url, 'sec-fetch-site': 'same-origin' }
  redis.signal('SIGSTOP')
  try {
    await assertOutage(browser.fetch(`${kit.url}/auth/logout`, { method: 'POST', headers }))
    await assertOutage(lobby(browser))
  } finally {
    redis.signal('SIGCONT')
  }
  await eventually(async () => (await lobby(browser)).status === 200)
})

import { setTimeout as sleep } from 'node:timers/promises'
import type { Expected } from '../oracle/exchange.ts'
import { USERS } from '../world/settings.ts'
import { sessionOf } from './callers.ts'
import { compose } from './compose.ts'
import type { Once } from './requests.ts'
import { readEcho, send } from './send.ts'
import type { Stage } from './stage.ts'

/** Every replica knows that a session has ended after `session.cacheSeconds` at the latest. */
const KNOWN_MS = 3000

/** A visit: signs in, looks who it is, works, and signs out or just leaves. After signing out nothing works. */
export const visit: Once = async (stage) => {
  const { random, publicUrl, oracle, end } = stage
  const username = random.pick(USERS).username
  const expected = begins(stage, 'sign-in', username)
  const caller = await sessionOf(publicUrl.origin, username).catch((error: Error) => error)
  if (caller instanceof Error) return oracle.check(expected, { endedAt: performance.now(), failure: caller.message })
  const page = await caller.browser.fetch(`${publicUrl.origin}/auth/session`)
  const { username: user } = JSON.parse(await page.text()) as { username?: string }
  const seen = { status: page.status, user, nonce: expected.nonce }
  oracle.check(expected, { endedAt: performance.now(), ...seen })
  for (let request = 0; request < 3; request += 1) {
    const composed = compose(stage, { kind: 'request after a sign-in', caller })
    oracle.check(composed.expected, await send(composed, readEcho))
  }
  if (random.next() < 0.3) return
  const cookie = caller.credentials()
  const leaving = begins(stage, 'sign-out', username)
  const headers = { origin: publicUrl.origin, 'sec-fetch-site': 'same-origin' }
  const left = await caller.browser.fetch(`${publicUrl.origin}/auth/logout`, { method: 'POST', headers })
  await left.arrayBuffer()
  const status = left.status >= 200 && left.status < 400 ? 200 : left.status
  oracle.check(leaving, { endedAt: performance.now(), status, user: username, nonce: leaving.nonce })
  await sleep(KNOWN_MS, undefined, { signal: end }).catch(() => undefined)
  if (end.aborted) return
  const wish = { kind: 'request after a sign-out', caller: { ...caller, credentials: () => cookie } }
  const composed = compose(stage, { ...wish, expected: { status: 401, reason: 'login-required' } })
  oracle.check(composed.expected, await send(composed, readEcho))
}

function begins({ random, oracle }: Stage, kind: string, user: string): Expected {
  const startedAt = performance.now()
  const expected = { kind, nonce: random.nonce(), entrance: 'caddy', startedAt, status: 200, principal: { user } }
  oracle.asks(expected)
  return expected
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefreshTokens } from '../../../../src/gateway/sessions/refresh/refresher.ts'
import type { SessionEvents } from '../../../../src/gateway/sessions/session-events.ts'
import { startSessions } from './kit.ts'

function counting(refresh?: RefreshTokens) {
  const seen: string[] = []
  const events: SessionEvents = {
    created: () => void seen.push('created'),
    ended: (cause, sessions) => void seen.push(`${sessions} ended: ${cause}`),
    refreshed: (result) => void seen.push(result),
    lookedUp: (hit) => void seen.push(hit ? 'hit' : 'miss'),
  }
  return { ...startSessions({ events, ...(refresh && { refresh }) }), seen }
}

test('each end of a session is counted once, with its cause', async () => {
  const { sessions, signIn, seen } = counting()
  const first = await signIn()
  await signIn()
  await sessions.create({ ...first.session }, first.cookie)
  assert.deepEqual(seen.splice(0), ['created', 'created', 'created', '1 ended: sign-in'])
  await sessions.endByKey(first.session.key, 'user')
  await sessions.endBySid('https://sso.example', 'issuer-session-1')
  await signIn()
  await sessions.endBySid('https://sso.example', 'issuer-session-1', undefined, 'front-channel')
  await signIn()
  await sessions.endBySubject('https://sso.example', 'alice-sub', 'everywhere')
  const last = await signIn()
  await sessions.endByKey(last.session.key)
  const expected = [
    '0 ended: user',
    '2 ended: back-channel',
    'created',
    '1 ended: front-channel',
    'created',
    '1 ended: everywhere',
    'created',
    '1 ended: admin',
  ]
  assert.deepEqual(seen, expected)
})

test('a cookie that is known is a hit, and one without or with a forged session is neither', async () => {
  const { sessions, signIn, seen } = counting()
  const { cookie, session } = await signIn()
  sessions.peek(cookie)
  await sessions.endByKey(session.key)
  sessions.peek(cookie)
  sessions.peek(undefined)
  sessions.peek(`${cookie}x`)
  assert.deepEqual(seen, ['created', 'hit', '1 ended: admin', 'miss'])
})

const outcomes: [name: string, refresh: RefreshTokens, expected: string[]][] = [
  [
    'success',
    async ({ principal, tokens }) => ({ principal, tokens: { ...tokens, accessToken: 'next' } }),
    ['success'],
  ],
  ['rejected', async () => 'ended', ['rejected', '1 ended: grant']],
  ['unavailable', () => Promise.reject(new Error('down')), ['unavailable']],
]
for (const [name, refresh, expected] of outcomes) {
  test(`a refresh is counted as ${name}`, async () => {
    const { clock, sessions, signIn, seen } = counting(refresh)
    const { cookie } = await signIn({}, 60)
    clock.advance(3000)
    seen.length = 0
    await sessions.load(cookie).catch(() => undefined)
    assert.deepEqual(seen, expected)
  })
}

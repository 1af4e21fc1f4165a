import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { LongLivedConnections, type OpenResponse } from '../../../../src/gateway/forward/long-lived-connections.ts'
import type { Reauthorize } from '../../../../src/gateway/forward/reauthorize.ts'
import type { Transport } from '../../../../src/gateway/http/reply.ts'
import type { RequestContext } from '../../../../src/gateway/routing/request-context.ts'

const REAUTHORIZATION_INTERVAL_MS = 15_000

interface Fake extends OpenResponse {
  /** Why it was cut. */
  readonly cuts: unknown[]
}

/** An exchange under way that the session under `key` began. */
function exchange(key: string | undefined, { anonymous = false, outlivesToken = true } = {}): Fake {
  const cuts: unknown[] = []
  const admission = { principal: anonymous ? undefined : {} }
  const caller = key === undefined ? undefined : { session: { key } }
  const head = { method: 'GET', headers: {} }
  const context = { admission, caller, head } as unknown as RequestContext
  const transport = {} as unknown as Transport
  return { context, transport, outlivesToken, cuts, cut: (why) => void cuts.push(why) }
}

function watch(context: TestContext, open: Fake[], reauthorize: Reauthorize = async () => {}) {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const ended: ((key: string) => void)[] = []
  const sessions = {
    onEnded: (listener: (key: string) => void) => {
      ended.push(listener)
      return () => void ended.splice(ended.indexOf(listener), 1)
    },
  }
  const counted: string[] = []
  const exchanges = new LongLivedConnections({
    open: () => open,
    sessions,
    reauthorize,
    intervalMs: REAUTHORIZATION_INTERVAL_MS,
    events: {
      reauthorized: (isAllowed) => void counted.push(isAllowed ? 'allowed' : 'denied'),
      cut: (cause) => void counted.push(`cut ${cause}`),
    },
  })
  context.after(() => exchanges.close())
  const end = (key: string) => {
    for (const listener of ended) listener(key)
  }
  /** Lets the timer come round, and waits for what it began. */
  const look = async () => {
    context.mock.timers.tick(REAUTHORIZATION_INTERVAL_MS)
    await exchanges.reauthorizeAll()
  }
  return { exchanges, end, look, counted }
}

const reasonsOf = ({ cuts }: Fake) => cuts.map((why) => (why instanceof Refusal ? why.reason : why))

test('a session that ends cuts what it began, and nothing else', (context) => {
  const [mine, also, others, token] = [exchange('a'), exchange('a'), exchange('b'), exchange(undefined)]
  const { end } = watch(context, [mine, also, others, token])
  end('a')
  assert.deepEqual([mine, also, others, token].map(reasonsOf), [['login-required'], ['login-required'], [], []])
})

test('what a public route answers does not end with the session that came along', (context) => {
  const open = exchange('a', { anonymous: true })
  watch(context, [open]).end('a')
  assert.deepEqual(open.cuts, [])
})

test('a request is authorized again from the second interval on, so that short ones never are', async (context) => {
  const asked: unknown[] = []
  const [lasting, short, later] = [exchange('a'), exchange('b', { outlivesToken: false }), exchange('c')]
  const open = [lasting, short]
  const { look } = watch(context, open, async (judged, outlives) => void asked.push([judged, outlives]))
  await look()
  assert.deepEqual(asked, [])
  open.splice(1, 1, later)
  await look()
  assert.deepEqual(asked, [[lasting.context, true]])
  await look()
  assert.deepEqual(asked.slice(1), [
    [lasting.context, true],
    [later.context, true],
  ])
})

const verdicts = ['login-required', 'token-invalid', 'not-in-project', 'viewer-read-only', 'admin-only'] as const
for (const reason of verdicts) {
  test(`an exchange that is ${reason} when asked again is cut with that reason`, async (context) => {
    const open = exchange('a')
    const { look } = watch(context, [open], () => Promise.reject(new Refusal(reason, 'changed')))
    await look()
    await look()
    assert.deepEqual(reasonsOf(open), [reason])
  })
}

for (const reason of ['store-down', 'issuer-down', 'projects-down', 'rate-limited'] as const) {
  test(`${reason} is no decision: the exchange goes on`, async (context) => {
    const open = exchange('a')
    const { look } = watch(context, [open], () => Promise.reject(new Refusal(reason, 'away')))
    await look()
    await look()
    assert.deepEqual(open.cuts, [])
  })
}

test('an exchange that cannot be judged for an unexpected reason is cut, and the others are judged', async (context) => {
  const [broken, fine, refused] = [exchange('a'), exchange('b'), exchange('c')]
  const bug = new TypeError('a bug')
  const judge: Reauthorize = async (judged) => {
    if (judged === broken.context) throw bug
    if (judged === refused.context) throw new Refusal('not-in-project', 'changed')
  }
  const { look } = watch(context, [broken, fine, refused], judge)
  await look()
  await look()
  assert.deepEqual([broken, fine, refused].map(reasonsOf), [[bug], [], ['not-in-project']])
})

test('a look that takes longer than the time between two is not begun again', async (context) => {
  let asked = 0
  const answer = Promise.withResolvers<void>()
  const { look, exchanges } = watch(context, [exchange('a')], () => {
    asked += 1
    return answer.promise
  })
  await look()
  context.mock.timers.tick(3 * REAUTHORIZATION_INTERVAL_MS)
  assert.equal(asked, 1)
  answer.resolve()
  await exchanges.reauthorizeAll()
})

test('after close nothing is looked at and nothing heard', (context) => {
  let asked = 0
  const open = exchange('a')
  const { end, exchanges } = watch(context, [open], async () => {
    asked += 1
  })
  exchanges.close()
  context.mock.timers.tick(3 * REAUTHORIZATION_INTERVAL_MS)
  end('a')
  assert.deepEqual([asked, open.cuts], [0, []])
})

test('conversations are judged at once when what is allowed has changed, answers under way with the looks', async (context) => {
  const [socket, answer] = [exchange('a', { outlivesToken: false }), exchange('a')]
  const { exchanges } = watch(context, [socket, answer], async () => {
    throw new Refusal('no-route', 'the route is gone')
  })
  await exchanges.reauthorizeWebSockets()
  assert.deepEqual(reasonsOf(socket), ['no-route'])
  assert.deepEqual(reasonsOf(answer), [])
})

test('a process that stops closes its WebSockets and waits for its answers', (context) => {
  const closed: string[] = []
  const under = (name: string, headers: object) => ({
    ...exchange('a'),
    context: { head: { method: 'GET', headers } } as unknown as RequestContext,
    transport: { request: { socket: { destroy: () => closed.push(name) } } } as unknown as Transport,
  })
  const handshake = { upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }
  const { exchanges } = watch(context, [under('socket', handshake), under('answer', {})])
  exchanges.endWebSockets()
  assert.deepEqual(closed, ['socket'])
})

test('what is authorized again or cut is counted; a store that is down decides nothing', async (context) => {
  const verdicts = [undefined, 'not-in-project', 'store-down'] as const
  let round = 0
  const open = [exchange('a')]
  const { look, end, counted } = watch(context, open, async () => {
    const verdict = verdicts[round]
    if (verdict) throw new Refusal(verdict, 'changed')
  })
  await look()
  for (round = 0; round < verdicts.length; round += 1) await look()
  assert.deepEqual(counted, ['allowed', 'denied', 'cut not-in-project'])
  end('a')
  assert.deepEqual(counted.slice(3), ['cut session-ended'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../../../src/gateway/sessions/session.ts'
import type { Sessions } from '../../../../src/gateway/sessions/sessions.ts'
import { buildAuthenticate, type Presented } from '../../../../src/gateway/tokens/authenticate.ts'
import { buildVerifySchemes, type SchemesDeps } from '../../../../src/gateway/tokens/authorization-schemes.ts'
import type { Caller } from '../../../../src/gateway/tokens/caller.ts'

const principal = (subject = 's', issuer = 'i') => ({ issuer, subject }) as Caller['principal']
const basicRoute = (basicCredentials: boolean) =>
  ({ config: { basicCredentials, host: undefined, path: '/mlflow' } }) as unknown as Presented['route']

/** The schemes with everything behind them replaced. `calls` has what was asked. */
function schemes({ concerns = false, acceptsDpop = true, verified = {}, wrongProof = false } = {}) {
  const calls: unknown[] = []
  const deps = {
    verifyBearer: async (token: string, address: string) => {
      calls.push(['bearer', token, address])
      return { principal: principal(), until: 1, confirmation: undefined, ...verified }
    },
    bridgeBasic: async (credentials: unknown, address: string) => {
      calls.push(['basic', credentials, address])
      return { principal: principal('client'), via: 'bearer' }
    },
    proof: {
      acceptsDpop,
      concerns: (use: unknown) => {
        calls.push(['concerns', use])
        return concerns
      },
      verify: async (use: unknown) => {
        calls.push(['proof', use])
        if (wrongProof) throw new Error('wrong proof')
      },
    },
    server: { publicUrl: 'https://o.example' },
  } as unknown as SchemesDeps
  const verify = buildVerifySchemes(deps)
  const presented = { clientAddress: '192.0.2.1', route: undefined }
  return { calls, verify: async (header: string, more: object = {}) => verify(header, { ...presented, ...more }) }
}

for (const header of ['Bearer abc', 'bearer abc', 'BEARER   abc', 'DPoP abc', 'dpop abc'])
  test(`${header}: the token is verified`, async () => {
    const { calls, verify } = schemes()
    assert.deepEqual(await verify(header), { principal: principal(), via: 'bearer', token: 'abc' })
    const scheme = /^dpop/i.test(header) ? 'dpop' : 'bearer'
    assert.deepEqual(calls, [
      ['bearer', 'abc', '192.0.2.1'],
      ['concerns', { scheme, confirmation: undefined }],
    ])
  })

for (const header of [
  ...[
    '',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer\ta',
    'Bearerabc',
    'xBearer abc',
    'Token abc',
    'Bearer é',
    'Bearer a\n',
  ],
  ...['Basic YTpi', 'Digest x', 'abc', 'Bearer abc '],
])
  test(`${JSON.stringify(header)} is denied, and nothing is verified`, async () => {
    const { calls, verify } = schemes()
    await assert.rejects(verify(header, { route: basicRoute(false) }), {
      reason: 'token-invalid',
      headers: { 'WWW-Authenticate': 'Bearer' },
    })
    assert.deepEqual(calls, [])
  })

test('DPoP is denied while it is off', async () => {
  const { calls, verify } = schemes({ acceptsDpop: false })
  await assert.rejects(verify('DPoP abc'), { reason: 'token-invalid' })
  assert.deepEqual(calls, [])
  await verify('Bearer abc')
})

test('Basic credentials are accepted where the route says so', async () => {
  const { calls, verify } = schemes()
  for (const scheme of ['Basic', 'basic'])
    assert.equal(
      (await verify(`${scheme} ${Buffer.from('ci:secret').toString('base64')}`, { route: basicRoute(true) })).via,
      'bearer',
    )
  const asked = ['basic', { clientId: 'ci', secret: 'secret' }, '192.0.2.1']
  assert.deepEqual(calls, [asked, asked])
  await assert.rejects(verify('Basic', { route: basicRoute(true) }), {
    headers: { 'WWW-Authenticate': 'Basic realm="modelops", charset="UTF-8"' },
  })
  await assert.rejects(verify('Basic YTpi'), { headers: { 'WWW-Authenticate': 'Bearer' } })
  await verify('Bearer abc', { route: basicRoute(true) })
  assert.equal(calls.length, 4)
})

test('a token for other routes is denied, before any proof is looked at', async () => {
  const { calls, verify } = schemes({ verified: { forRoutes: ['https://o.example/other'] } })
  await assert.rejects(verify('Bearer abc', { route: basicRoute(true) }), { reason: 'token-invalid' })
  assert.equal(calls.length, 1)
  const own = schemes({ verified: { forRoutes: ['https://o.example/mlflow'] } })
  assert.equal((await own.verify('Bearer abc', { route: basicRoute(true) })).token, 'abc')
})

test('a token that is bound to a key counts with its proof alone, and is marked', async () => {
  const confirmation = { jkt: 'k' }
  const request = { head: {} }
  const good = schemes({ concerns: true, verified: { confirmation } })
  assert.deepEqual(await good.verify('DPoP abc', { request }), {
    ...{ principal: principal(), via: 'bearer', token: 'abc', isBound: true },
  })
  assert.deepEqual(good.calls.at(-1), [
    'proof',
    { scheme: 'dpop', token: 'abc', confirmation, request, isReauthorization: false },
  ])
  await good.verify('DPoP abc', { request, isReauthorization: true })
  assert.equal((good.calls.at(-1) as [string, { isReauthorization: boolean }])[1].isReauthorization, true)
  const wrong = schemes({ concerns: true, verified: { confirmation }, wrongProof: true })
  await assert.rejects(wrong.verify('DPoP abc', { request }), { message: 'wrong proof' })
  const unbound = schemes({ concerns: true })
  assert.equal('isBound' in (await unbound.verify('DPoP abc')), false)
})

interface Known {
  readonly peek?: Session | 'none' | undefined
  readonly load?: Session | undefined
  readonly token?: Caller
}
const session = (subject = 's', issuer = 'i') => ({ principal: principal(subject, issuer) }) as unknown as Session

function authenticated({ peek, load, token }: Known, headers: Record<string, string> = {}) {
  const sessions = { peek: () => peek, load: async () => load } as unknown as Sessions
  const presented: unknown[] = []
  const authenticate = buildAuthenticate(sessions, (header, what) => {
    presented.push([header, what])
    return token ?? assert.fail('no token was expected')
  })
  const head = { headers, rawHeaders: Object.entries(headers).flat(), clientAddress: '192.0.2.1' }
  return { presented, caller: authenticate({ head: head as never, route: undefined, responseHeaders: [] }) }
}
const BEARER = { authorization: 'Bearer t' }
const byToken: Caller = { principal: principal(), via: 'bearer', token: 't' }

test('without a token the session is the caller, at once if it is known', async () => {
  const known = session()
  assert.deepEqual(authenticated({ peek: known }).caller, { principal: principal(), via: 'session', session: known })
  assert.equal(authenticated({ peek: 'none' }).caller, undefined)
  assert.deepEqual(await authenticated({ load: known }).caller, {
    principal: principal(),
    via: 'session',
    session: known,
  })
  assert.equal(await authenticated({}).caller, undefined)
})

test('a token without a session is the caller', async () => {
  const { caller, presented } = authenticated({ peek: 'none', token: byToken }, BEARER)
  assert.deepEqual(await caller, byToken)
  const [[header, what]] = presented as [[string, Presented]]
  assert.equal(header, 'Bearer t')
  assert.deepEqual([what.clientAddress, what.isReauthorization], ['192.0.2.1', undefined])
  assert.deepEqual(Object.keys(what.request ?? {}), ['head', 'responseHeaders'])
})

test('beside a session of the same subject the session is the caller; two subjects are denied', async () => {
  const known = session()
  assert.deepEqual(await authenticated({ peek: known, token: byToken }, BEARER).caller, {
    ...{ principal: principal(), via: 'session', session: known },
  })
  for (const other of [session('other'), session('s', 'another issuer')])
    await assert.rejects(async () => authenticated({ load: other, token: byToken }, BEARER).caller, {
      reason: 'credentials-ambiguous',
    })
})

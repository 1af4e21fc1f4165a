import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { freePort } from '../../infra/parts/ports.ts'
import { type RedisServerOptions, startRedis } from '../../infra/parts/redis.ts'
import { run } from '../../infra/parts/run.ts'
import { type SessionBackend, StoreDown } from '../../src/gateway/sessions/stores/backend.ts'
import { connectedBackend, eventually, type RedisOptions, redisBackend } from '../redis-store.ts'
import { login, MovedClock, startSessions } from '../unit/gateway/sessions/kit.ts'

const record = (key = 'a', sealed = 'sealed') => ({
  ...{ key, sealed, subjectKey: 'alice', sidKey: 'sid-1' },
  expiresAt: Date.now() + 3_600_000,
})

class RealClock extends MovedClock {
  override readonly read = Date.now
}
const realClock = new RealClock()

async function server(context: TestContext, options?: RedisServerOptions) {
  const started = await startRedis(options)
  context.after(() => started.close())
  return { ...started, address: `redis://127.0.0.1:${started.port}` }
}

async function connected(context: TestContext, address: string, options?: RedisOptions) {
  const backend = await connectedBackend(address, options)
  context.after(() => backend.close())
  return backend
}

/** Fails as an outage, soon, and says nothing secret. */
async function isDown(asked: Promise<unknown>, withinMs = 1500): Promise<void> {
  const began = performance.now()
  await assert.rejects(
    asked,
    (error: Error) => error instanceof StoreDown && !/hunter2|sealed/.test(`${error.message} ${String(error.cause)}`),
  )
  assert.ok(performance.now() - began < withinMs, `took ${performance.now() - began} ms`)
}

async function everythingIsDown(backend: SessionBackend): Promise<void> {
  const asked = [
    backend.get('a'),
    backend.create(record('b')),
    backend.end('a'),
    backend.claimOnce('x', 9),
    backend.ping(),
  ]
  await Promise.all(asked.map((each) => isDown(each)))
}

test('a Redis that is not there is an outage, and is used as soon as it is there', async (context) => {
  const port = await freePort()
  const backend = redisBackend(`redis://127.0.0.1:${port}`)
  context.after(() => backend.close())
  await everythingIsDown(backend)
  await server(context, { port })
  await eventually(() => backend.create(record()).then(() => true))
})

test('a wrong password is an outage, the right one of the right user is not', async (context) => {
  const args = [
    '--requirepass',
    'hunter2',
    '--user',
    'gateway',
    'on',
    '>hunter2',
    '~{modelops-gateway}:*',
    '&*',
    '+@all',
  ]
  const { port } = await server(context, { args })
  for (const user of ['', ':wrong@', 'gateway:wrong@', 'nobody:hunter2@']) {
    const refused = redisBackend(`redis://${user}127.0.0.1:${port}`)
    await everythingIsDown(refused)
    await refused.close()
  }
  for (const user of [':hunter2@', 'gateway:hunter2@']) {
    const backend = await connected(context, `redis://${user}127.0.0.1:${port}`)
    assert.equal(await backend.get('a'), undefined)
  }
})

test('TLS is verified: with storeCa it connects, without it nobody is believed', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-tls-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ])
  assert.ok(made.ok, made.tail)
  const port = await freePort()
  const tls = ['--port', '0', '--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key]
  await server(context, { port, args: [...tls, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'] })
  const backend = await connected(context, `rediss://127.0.0.1:${port}`, { ca: readFileSync(cert, 'utf8') })
  await backend.create(record())
  const unbelieving = redisBackend(`rediss://127.0.0.1:${port}`)
  context.after(() => unbelieving.close())
  await everythingIsDown(unbelieving)
})

test('a frozen Redis is an outage after storeTimeoutMs, and answers again when it goes on', async (context) => {
  const { address, signal } = await server(context)
  const patient = await connected(context, address, { timeoutMs: 3000 })
  const quick = await connected(context, address, { timeoutMs: 200 })
  await quick.create(record())
  signal('SIGSTOP')
  const waiting = patient.get('a')
  await isDown(quick.get('a'), 1000)
  signal('SIGCONT')
  assert.equal((await waiting)?.revision, 1)
  assert.equal((await quick.get('a'))?.revision, 1)
})

test('a Redis killed and started again has the sessions that it had', async (context) => {
  // `everysec` may hold a write back while the one before is on its way to the disk: a kill would then lose it
  const { address, crash, restart } = await server(context, { args: ['--appendfsync', 'always'] })
  const backend = await connected(context, address)
  await backend.create(record())
  await crash()
  await everythingIsDown(backend)
  await restart()
  await eventually(async () => (await backend.get('a'))?.revision === 1)
  await eventually(() => backend.hearing)
})

test('a Redis whose memory is full takes no login and loses no session; a logout still works', async (context) => {
  const { address } = await server(context, { args: ['--maxmemory', '6mb', '--maxmemory-policy', 'noeviction'] })
  const backend = await connected(context, address)
  const big = 'x'.repeat(200_000)
  const filling = async () => {
    for (let n = 0; n < 100; n++) await backend.create(record(`k${n}`, big))
  }
  await assert.rejects(filling(), StoreDown)
  assert.equal((await backend.get('k0'))?.sealed, big)
  assert.equal(await backend.end('k0'), true)
  assert.equal(await backend.settingsFault(), undefined)
})

test('check --online names a Redis that would drop sessions', async (context) => {
  const { address } = await server(context, { args: ['--maxmemory-policy', 'allkeys-lru'] })
  const backend = await connected(context, address)
  assert.equal((await backend.settingsFault())?.got, 'allkeys-lru')
})

test('a replica that refuses writes is an outage for them, not an end of sessions', async (context) => {
  const { address, port } = await server(context)
  const backend = await connected(context, address)
  await backend.create(record())
  const operator = new Redis({ port, host: '127.0.0.1' })
  context.after(() => operator.disconnect())
  await operator.replicaof('127.0.0.1', 1)
  await isDown(backend.create(record('b')))
  await isDown(backend.end('a'))
  await isDown(backend.ping())
})

test('whoever reads Redis finds no cookie, no token and no name in it', async (context) => {
  const { address, port } = await server(context, { args: ['--rdbcompression', 'no'] })
  const backend = await connected(context, address)
  const { sessions } = startSessions({ backend, clock: realClock })
  const { setCookie } = await sessions.create(login({}, 10_000_000))
  const reader = new Redis({ port, host: '127.0.0.1' })
  context.after(() => reader.disconnect())
  const dumps = await Promise.all((await reader.keys('*')).map(async (key) => `${key} ${await reader.dump(key)}`))
  assert.ok(dumps.length >= 4)
  const cookie = setCookie.slice(setCookie.indexOf('=') + 1, setCookie.indexOf(';'))
  for (const secret of [cookie, cookie.slice(0, 43), 'alice', 'access-1', 'refresh-1', 'issuer-session-1']) {
    assert.ok(!dumps.join('\n').includes(secret), secret)
  }
})

test('a process that was not allowed to hear of changes hears of them once it is', async (context) => {
  const { address, port } = await server(context, {
    args: ['--user', 'deaf', 'on', '>hunter2', '~*', 'resetchannels', '+@all'],
  })
  const ender = await connected(context, address)
  const deaf = redisBackend(`redis://deaf:hunter2@127.0.0.1:${port}`)
  context.after(() => deaf.close())
  await eventually(() => deaf.ping().then(() => true))
  assert.equal(deaf.hearing, false)
  const operator = new Redis({ port, host: '127.0.0.1' })
  context.after(() => operator.disconnect())
  await operator.call('ACL', 'SETUSER', 'deaf', '&*')
  await eventually(() => deaf.hearing)
  const heard = new Promise((resolve) => deaf.onChange(resolve))
  await ender.end('a')
  assert.deepEqual(await heard, { key: 'a', ended: true })
})

test('an ended session stops in another process at once, and within cacheSeconds when no word arrives', async (context) => {
  const deaf = ['--user', 'deaf', 'on', '>hunter2', '~*', 'resetchannels', '+@all']
  const { address, port } = await server(context, { args: deaf })
  const first = await connected(context, address)
  const hearing = await connected(context, address)
  const cut = redisBackend(`redis://deaf:hunter2@127.0.0.1:${port}`)
  context.after(() => cut.close())
  await eventually(() => cut.ping().then(() => true))
  const session = { cacheSeconds: 2, idleSeconds: 3600 }
  const start = (backend: SessionBackend) => startSessions({ backend, session, clock: realClock }).sessions
  const [ender, listener, deafOne] = [start(first), start(hearing), start(cut)]
  const created = await ender.create(login({}, 10_000_000))
  const cookie = created.setCookie.slice(0, created.setCookie.indexOf(';'))
  for (const each of [listener, deafOne]) assert.ok(await each.load(cookie))
  const began = performance.now()
  await ender.end(created.session)
  await eventually(async () => (await listener.load(cookie)) === undefined)
  const heardAfter = performance.now() - began
  await eventually(async () => (await deafOne.load(cookie)) === undefined)
  const boundAfter = performance.now() - began
  context.diagnostic(`stopped after ${heardAfter.toFixed(0)} ms with word, ${boundAfter.toFixed(0)} ms without`)
  assert.ok(heardAfter < 1000 && boundAfter < 2500)
})

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { freePort } from '../../infra/parts/ports.ts'
import { type RedisServerOptions, startRedis } from '../../infra/parts/redis.ts'
import { run } from '../../infra/parts/run.ts'
import type { Sessions } from '../../src/gateway/sessions/sessions.ts'
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

/** Expects an outage within the time limit, without a secret in its message. */
async function isDown(operation: Promise<unknown>, withinMs = 1500): Promise<void> {
  const startedAt = performance.now()
  await assert.rejects(
    operation,
    (error: Error) => error instanceof StoreDown && !/hunter2|sealed/.test(`${error.message} ${String(error.cause)}`),
  )
  assert.ok(performance.now() - startedAt < withinMs, `took ${performance.now() - startedAt} ms`)
}

async function everythingIsDown(backend: SessionBackend): Promise<void> {
  const operations = [
    backend.get('a'),
    backend.create(record('b')),
    backend.end('a'),
    backend.claimOnce('x', 9),
    backend.ping(),
  ]
  await Promise.all(operations.map((each) => isDown(each)))
}

/** When the last request began that was accepted. Its beginning counts: a busy machine delays what comes after it. */
async function lastLoad(sessions: Sessions, cookie: string): Promise<number> {
  let last = performance.now()
  await eventually(async () => {
    const began = performance.now()
    if ((await sessions.load(cookie)) === undefined) return true
    last = began
    return false
  })
  return last
}

test('an unreachable Redis is an outage, and is used as soon as it is reachable', async (context) => {
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
    const rejected = redisBackend(`redis://${user}127.0.0.1:${port}`)
    await everythingIsDown(rejected)
    await rejected.close()
  }
  for (const user of [':hunter2@', 'gateway:hunter2@']) {
    const backend = await connected(context, `redis://${user}127.0.0.1:${port}`)
    assert.equal(await backend.get('a'), undefined)
  }
})

test('TLS is verified: with storeCa it connects, without it no server is trusted', async (context) => {
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
  const untrusting = redisBackend(`rediss://127.0.0.1:${port}`)
  context.after(() => untrusting.close())
  await everythingIsDown(untrusting)
})

test('a frozen Redis is an outage after storeTimeoutMs, and responds again after it resumes', async (context) => {
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

test('a Redis that is killed and restarted still has its sessions', async (context) => {
  // `everysec` may delay a write while the previous one is being synced to the disk. A kill would lose it.
  const { address, crash, restart } = await server(context, { args: ['--appendfsync', 'always'] })
  const backend = await connected(context, address)
  await backend.create(record())
  await crash()
  await everythingIsDown(backend)
  await restart()
  await eventually(async () => (await backend.get('a'))?.revision === 1)
  await eventually(() => backend.subscribed)
})

test('a Redis with full memory allows no sign-in and loses no session; a sign-out still works', async (context) => {
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

test('check --online reports a Redis that would evict sessions', async (context) => {
  const { address } = await server(context, { args: ['--maxmemory-policy', 'allkeys-lru'] })
  const backend = await connected(context, address)
  assert.equal((await backend.settingsFault())?.got, 'allkeys-lru')
})

test('a replica that denies writes is an outage for writes and does not end sessions', async (context) => {
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

test('Redis contains no cookie, no token and no name in plain text', async (context) => {
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

test('a process that is not allowed to subscribe to changes is notified of them once it is allowed', async (context) => {
  const { address, port } = await server(context, {
    args: ['--user', 'deaf', 'on', '>hunter2', '~*', 'resetchannels', '+@all'],
  })
  const ender = await connected(context, address)
  const deaf = redisBackend(`redis://deaf:hunter2@127.0.0.1:${port}`)
  context.after(() => deaf.close())
  await eventually(() => deaf.ping().then(() => true))
  assert.equal(deaf.subscribed, false)
  const operator = new Redis({ port, host: '127.0.0.1' })
  context.after(() => operator.disconnect())
  await operator.call('ACL', 'SETUSER', 'deaf', '&*')
  await eventually(() => deaf.subscribed)
  const notified = new Promise((resolve) => deaf.onChange(resolve))
  await ender.end('a')
  assert.deepEqual(await notified, { key: 'a', ended: true })
})

test('an ended session stops in another process at once, and within cacheSeconds without a notification', async (context) => {
  const deaf = ['--user', 'deaf', 'on', '>hunter2', '~*', 'resetchannels', '+@all']
  const { address, port } = await server(context, { args: deaf })
  const first = await connected(context, address)
  const subscribed = await connected(context, address)
  const unsubscribed = redisBackend(`redis://deaf:hunter2@127.0.0.1:${port}`)
  context.after(() => unsubscribed.close())
  await eventually(() => unsubscribed.ping().then(() => true))
  const session = { cacheSeconds: 2, idleSeconds: 3600 }
  const start = (backend: SessionBackend) => startSessions({ backend, session, clock: realClock }).sessions
  const [ender, listener, deafOne] = [start(first), start(subscribed), start(unsubscribed)]
  const created = await ender.create(login({}, 10_000_000))
  const cookie = created.setCookie.slice(0, created.setCookie.indexOf(';'))
  for (const each of [listener, deafOne]) assert.ok(await each.load(cookie))
  const startedAt = performance.now()
  await ender.endByKey(created.session.key)
  const [notified, unnotified] = await Promise.all([lastLoad(listener, cookie), lastLoad(deafOne, cookie)])
  const [notifiedAfter, boundAfter] = [notified - startedAt, unnotified - startedAt]
  context.diagnostic(
    `last accepted after ${notifiedAfter.toFixed(0)} ms with a notification, ${boundAfter.toFixed(0)} ms without`,
  )
  assert.ok(notifiedAfter < 1000 && boundAfter <= 2000)
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { signedInBrowser } from '../kit.ts'
import { Served } from './served.ts'

/** `serve` with `server.workers`: one listener, several processes, one signal that ends them all. */

const TOKEN = 'the-token-of-the-administrators'

let issuer: EmbeddedIssuer
let directory = ''
const running: Served[] = []
before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'workers-'))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((served) => served.stop()))
})
after(async () => {
  await issuer.close()
  await rm(directory, { recursive: true })
})

async function serve(workers: number | 'auto', store?: string): Promise<Served> {
  const served = await Served.start(directory, issuer.url, {
    server: { workers, adminTokenHash: createHash('sha256').update(TOKEN).digest('hex') },
    session: { store: store ?? `sqlite:${join(directory, `${running.length}-${Date.now()}.db`)}` },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
  })
  running.push(served)
  return served
}

/** Each on a connection of its own, which goes to the next worker. */
async function ask(served: Served, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const response = await fetch(`${served.url}/healthz`, { headers: { connection: 'close' } })
    assert.equal(response.status, 200)
  }
}

const workersOf = ({ child: { pid } }: Served) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

test('two workers share the listener, and SIGTERM ends both and the supervisor', async () => {
  const served = await serve(2)
  assert.match(served.output, /, 2 workers\)/)
  assert.equal(workersOf(served).length, 2)
  await ask(served, 6)
  assert.equal(await served.stop(), 0)
  await assert.rejects(fetch(`${served.url}/healthz`))
})

test('the memory store allows one worker, and the log says so', async () => {
  const served = await serve(2, 'memory')
  assert.equal(served.logged('one-worker').length, 1)
  assert.match(served.output, /, 1 worker\)/)
  assert.equal(await served.stop(), 0)
})

test('a hangup that reaches a worker itself changes nothing', async () => {
  const served = await serve(2)
  const before = workersOf(served)
  for (const pid of before) process.kill(pid, 'SIGHUP')
  await ask(served, 6)
  assert.equal(await served.metric('modelops_gateway_workers'), 2)
  assert.deepEqual(workersOf(served), before)
})

test('`auto` says how many workers there are', async () => {
  const served = await serve('auto')
  const [, count] = /, (\d+) workers?\)/.exec(served.output) ?? []
  assert.equal(Number(count), availableParallelism())
})

test('/metrics tells of all workers, whichever answers', async () => {
  const served = await serve(2)
  await ask(served, 40)
  // Twice each, as scrapes come over new connections, to either worker.
  for (let scrape = 0; scrape < 4; scrape += 1) {
    assert.equal(await served.metric('http_server_request_duration_seconds_count', 'route="/healthz"'), 40)
    assert.equal(await served.metric('modelops_gateway_workers'), 2)
    assert.equal(await served.metric('modelops_gateway_issuer_ready'), 1)
    assert.equal(await served.metric('modelops_gateway_projects'), 2)
    assert.equal(await served.metric('modelops_gateway_config_reloads_total'), 0)
  }
})

test('sessions are listed and ended by whichever worker is asked', async () => {
  const served = await serve(2)
  const headers = { authorization: `Bearer ${TOKEN}`, connection: 'close' }
  const list = async () =>
    (await (await fetch(`${served.adminUrl}/sessions`, { headers })).json()) as { sessions: { key: string }[] }
  for (let i = 0; i < 4; i += 1) await signedInBrowser(served, 'bob')
  for (let left = 4; left > 0; left -= 1) {
    const { sessions } = await list()
    assert.equal(sessions.length, left)
    const ended = await fetch(`${served.adminUrl}/sessions/${sessions[0]?.key}`, { method: 'DELETE', headers })
    assert.equal(ended.status, 200)
  }
  assert.deepEqual((await list()).sessions, [])
})

test('a worker that dies is on record and is replaced, by the configuration in force and not by the file', async () => {
  const served = await serve(2)
  await ask(served, 40)
  await writeFile(served.file, 'no configuration at all')
  const [pid = 0] = workersOf(served)
  process.kill(pid, 'SIGKILL')
  await served.until(() => served.logged('worker-started').length === 1)
  const [died] = served.logged('worker-died')
  assert.deepEqual([died?.pid, died?.signal], [pid, 'SIGKILL'])
  assert.equal(typeof died?.pause_ms, 'number')
  assert.equal(workersOf(served).length, 2)
  await ask(served, 6)
  assert.equal(await served.metric('modelops_gateway_workers'), 2)
  assert.equal(await served.metric('modelops_gateway_worker_restarts_total'), 1)
})

const HEALTH = ['http_server_request_duration_seconds_count', 'route="/healthz"'] as const

/** A scrape on a connection of its own; undefined: it met the worker that was just killed. */
async function scraped({ adminUrl }: Served): Promise<number | undefined> {
  const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(2000) }
  const response = await fetch(`${adminUrl}/metrics`, options).catch(() => undefined)
  const text = await response?.text().catch(() => undefined)
  const found = [
    ...(text?.matchAll(/^http_server_request_duration_seconds_count\{.*route="\/healthz".*\} (\d+)$/gm) ?? []),
  ]
  return text === undefined ? undefined : found.reduce((sum, [, value]) => sum + Number(value), 0)
}

test('what a worker had counted stays in the sum when it is killed', async () => {
  const served = await serve(2)
  await ask(served, 40)
  assert.equal(await served.metric(...HEALTH), 40)
  const sums: (number | undefined)[] = []
  process.kill(workersOf(served)[0] ?? 0, 'SIGKILL')
  // At every moment, from the death to the replacement.
  while (served.logged('worker-started').length === 0) sums.push(await scraped(served))
  sums.push(await scraped(served))
  assert.deepEqual([...new Set(sums.filter((sum) => sum !== undefined))], [40], String(sums))
  assert.equal(sums.at(-1), 40)
  await ask(served, 10)
  assert.equal(await scraped(served), 50)
})

test('a worker that stops sends what it counted since it was last read', async () => {
  const served = await serve(2)
  await ask(served, 40)
  const [pid = 0] = workersOf(served)
  // Nobody has read the metrics of this worker yet.
  process.kill(pid, 'SIGTERM')
  await served.until(() => served.logged('worker-died').length === 1)
  assert.equal(await served.metric(...HEALTH), 40)
})

test('sessions in a shared store are told once, not once for each worker', async () => {
  const served = await serve(2)
  for (let i = 0; i < 3; i += 1) await signedInBrowser(served, 'bob')
  assert.equal(await served.metric('modelops_gateway_sessions_active', 'store="sqlite"'), 3)
  assert.equal(await served.metric('modelops_gateway_sessions_created_total', 'store="sqlite"'), 3)
  assert.equal(await served.metric('modelops_gateway_sign_ins_total', 'result="success"'), 3)
  assert.equal(await served.metric('modelops_gateway_store_ready'), 1)
})

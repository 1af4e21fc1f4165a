import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { runAudit } from '../audit-command.ts'
import { signedInBrowser } from '../kit.ts'
import { Served, type Settings } from './served.ts'

/** The audit trail of `serve`, as an operator has it: files, several workers, crashes, reloads. */

const KEY = 'a-key-of-a-hash-chain-with-32-bytes-or-more'

let issuer: EmbeddedIssuer
let upstream: Server
let origin = ''
let directory = ''
let count = 0
const running: Served[] = []

before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'audit-path-'))
  upstream = createServer((_request, response) => void response.end('done')).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((served) => served.stop()))
})
after(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await issuer.close()
  await rm(directory, { recursive: true })
})

/** A folder for one trail, with its key. */
function trailFolder(): { readonly folder: string; readonly path: string; readonly keyFile: string } {
  count += 1
  const folder = join(directory, `trail-${count}`)
  mkdirSync(folder)
  const keyFile = join(directory, `key-${count}`)
  writeFileSync(keyFile, `${KEY}\n`)
  return { folder, path: join(folder, 'audit.jsonl'), keyFile }
}

const fileSink = (path: string, more = {}) => ({ type: 'file', path, chain: true, chainKey: KEY, ...more })

async function serve(settings: Settings): Promise<Served> {
  const route = { name: 'app', app: 'generic', path: '/app', access: 'project', upstream: origin }
  const served = await Served.start(directory, issuer.url, { routes: [route], ...settings })
  running.push(served)
  return served
}

const cookieOf = async (served: Served, user = 'bob') =>
  (await signedInBrowser(served, user)).cookieHeader(new URL(served.url))

function write(served: Served, cookie: string, path = '/app/things'): Promise<Response> {
  const headers = { cookie, origin: served.url, connection: 'close' }
  // A connection that was handed to a worker at its death is never answered.
  return fetch(`${served.url}${path}`, { method: 'POST', headers, body: 'x', signal: AbortSignal.timeout(5000) })
}

interface Event {
  readonly event: string
  readonly [field: string]: unknown
}

/** The events of all files of a folder, file by file. */
const eventsIn = (folder: string): Event[] =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Event] : []))

/** Waits until the trail has this many events of a kind: the writer gathers them for some milliseconds. */
async function until(folder: string, event: string, number: number): Promise<Event[]> {
  for (;;) {
    const found = eventsIn(folder).filter((each) => each.event === event)
    if (found.length >= number) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const filesIn = (folder: string) => readdirSync(folder).map((name) => join(folder, name))

test('who signed in, wrote, was denied and signed out is in the file, and reading is not', async () => {
  const { folder, path, keyFile } = trailFolder()
  const served = await serve({ audit: { sinks: [fileSink(path)] } })
  const browser = await signedInBrowser(served, 'bob')
  const cookie = browser.cookieHeader(new URL(served.url))
  const read = await fetch(`${served.url}/app/things?token=SECRET-IN-QUERY`, { headers: { cookie } })
  assert.equal(read.status, 200)
  assert.equal((await write(served, cookie, '/app/things?token=SECRET-IN-QUERY')).status, 200)
  assert.equal((await fetch(`${served.url}/app/things`, { headers: { accept: 'application/json' } })).status, 401)
  await fetch(`${served.url}/auth/callback?state=SECRET-STATE&code=SECRET-CODE`, { headers: { accept: 'text/html' } })
  const form = { cookie, origin: served.url, 'content-type': 'application/x-www-form-urlencoded' }
  await fetch(`${served.url}/auth/logout`, { method: 'POST', headers: form, body: '', redirect: 'manual' })
  await until(folder, 'logout', 1)
  assert.equal(await served.stop(), 0)

  // The first page of a sign-in is a denial with a redirect.
  const [, ...events] = eventsIn(folder).filter(({ category }) => category !== 'audit')
  assert.deepEqual(
    events.map(({ event, action, reason }) => [event, action, reason]),
    [
      ['login', 'sign-in', undefined],
      ['allowed', 'write', 'project-member'],
      ['refused', 'read', 'login-required'],
      ['refused', 'sign-in', 'login-expired'],
      ['logout', 'sign-out', undefined],
    ],
  )
  const [login, written] = events
  assert.deepEqual([login?.user, written?.user, written?.project_name], ['bob', 'bob', 'alpha'])
  assert.deepEqual([written?.operation, written?.path, written?.status], ['generic.write', '/app/things', 200])
  assert.equal(login?.session, written?.session)
  const text = filesIn(folder)
    .map((file) => readFileSync(file, 'utf8'))
    .join('')
  for (const secret of ['SECRET', ...cookie.split(/=|; /).filter((part) => part.length > 30)])
    assert.ok(!text.includes(secret), secret)
  assert.ok(!served.output.includes('"allowed"'), 'the log is not a sink')

  const verified = await runAudit('verify', '--key-file', keyFile, ...filesIn(folder))
  assert.deepEqual([verified.code, verified.stdout.includes(': valid (')], [0, true])
  const queried = await runAudit('query', ...filesIn(folder), '--user', 'bob', '--action', 'generic.*')
  assert.match(
    queried.stdout,
    /^\S+ {2}allowed project-member {2}bob {2}alpha {2}generic\.write {2}200 {2}127\.0\.0\.1/,
  )
})

test('no header of a client takes anything out of its event, or out of the chain', async () => {
  const { folder, path, keyFile } = trailFolder()
  const served = await serve({ audit: { sinks: [fileSink(path)] } })
  const cookie = await cookieOf(served)
  const agents = ["code: 'x", 'code="x', '{"code":"x\\', "id_token: 'x", 'code%3dx', '"},{"']
  for (const [at, agent] of agents.entries()) {
    const headers = { cookie, origin: served.url, 'user-agent': agent }
    await fetch(`${served.url}/app/things-${at}`, { method: 'POST', headers, body: 'x' })
  }
  const written = await until(folder, 'allowed', agents.length)
  assert.deepEqual(
    written.map(({ user, path: changed, status }) => [user, changed, status]),
    agents.map((_, at) => ['bob', `/app/things-${at}`, 200]),
  )
  assert.equal(await served.stop(), 0)
  assert.equal((await runAudit('verify', '--key-file', keyFile, ...filesIn(folder))).code, 0)
})

test('each worker has a chain of its own, which its successor continues after kill -9', async () => {
  const { folder, path, keyFile } = trailFolder()
  const store = `sqlite:${join(directory, `sessions-${count}.db`)}`
  const served = await serve({ server: { workers: 2 }, session: { store }, audit: { sinks: [fileSink(path)] } })
  const cookie = await cookieOf(served)
  const workers = () =>
    readFileSync(`/proc/${served.child.pid}/task/${served.child.pid}/children`, 'utf8').trim().split(' ').map(Number)
  let sent = 0
  const send = async (times: number) => {
    const results = await Promise.allSettled(Array.from({ length: times }, () => write(served, cookie)))
    sent += results.filter(({ status }) => status === 'fulfilled').length
  }
  await send(30)
  await until(folder, 'allowed', sent)
  for (let death = 1; death <= 2; death += 1) {
    const [victim = 0] = workers()
    assert.ok(victim > 1, served.output)
    const during = send(40)
    process.kill(victim, 'SIGKILL')
    await during
    await served.until(() => served.logged('worker-started').length === death)
  }
  await send(20)
  assert.equal(await served.stop(), 0)
  assert.deepEqual(readdirSync(folder).sort(), ['audit-0.jsonl', 'audit-1.jsonl', 'audit-2.jsonl'])
  const verified = await runAudit('verify', '--json', '--key-file', keyFile, ...filesIn(folder))
  const { valid, trails } = JSON.parse(verified.stdout) as { valid: boolean; trails: { problems: unknown[] }[] }
  assert.deepEqual([valid, trails.length, verified.code], [true, 3, 0])
  const started = eventsIn(folder).filter(({ event }) => event === 'audit-started').length
  assert.equal(started, 5, 'the supervisor, two workers and their two successors')
  assert.ok(eventsIn(folder).filter(({ event }) => event === 'allowed').length >= 50)
})

test('a crash within a line is mended at the next start, and a line that was changed meanwhile is found', async () => {
  const { folder, path, keyFile } = trailFolder()
  const settings = { audit: { sinks: [fileSink(path)] } }
  const first = await serve(settings)
  const cookie = await cookieOf(first)
  await write(first, cookie)
  await until(folder, 'allowed', 1)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  running.splice(running.indexOf(first), 1)
  appendFileSync(path, '{"schema_version":1,"time":"2026-11-27T00:')
  const torn = await runAudit('verify', '--key-file', keyFile, path)
  assert.deepEqual([torn.code, /note: incomplete/.test(torn.stdout)], [0, true])

  const second = await serve(settings)
  await until(folder, 'line-mended', 1)
  await second.stop()
  assert.equal((await runAudit('verify', '--key-file', keyFile, path)).code, 0)

  writeFileSync(path, readFileSync(path, 'utf8').replace('"user":"bob"', '"user":"eve"'))
  const changed = await runAudit('verify', '--key-file', keyFile, path)
  assert.equal(changed.code, 1)
  assert.match(changed.stdout, /NOT valid: 1 problem/)
  assert.match(changed.stdout, /audit\.jsonl:\d+: altered: the hash does not fit the line/)
  assert.equal((await runAudit('verify', path)).code, 1, 'without the key')
})

test('a tail that was cut off is found with the anchors of the log', async () => {
  const { folder, path, keyFile } = trailFolder()
  const served = await serve({ audit: { sinks: [fileSink(path)] } })
  await write(served, await cookieOf(served))
  await until(folder, 'allowed', 1)
  await served.stop()
  const log = join(directory, 'gateway.log')
  writeFileSync(log, served.output)
  const whole = await runAudit('verify', '--key-file', keyFile, '--anchors', log, path)
  assert.equal(whole.code, 0, whole.stdout)
  writeFileSync(path, `${readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
  assert.equal((await runAudit('verify', '--key-file', keyFile, path)).code, 0)
  const cut = await runAudit('verify', '--key-file', keyFile, '--anchors', log, path)
  assert.equal(cut.code, 1)
  assert.match(cut.stdout, /removed: the chain ends with line \d+, and an anchor names line \d+/)
})

test('a reload changes the sinks without losing an event, and is an event itself', async () => {
  const [one, two] = [trailFolder(), trailFolder()]
  const served = await serve({ audit: { sinks: [fileSink(one.path)] } })
  const cookie = await cookieOf(served)
  let sent = 0
  let isDone = false
  const load = (async () => {
    while (!isDone) {
      await write(served, cookie)
      sent += 1
    }
  })()
  const next = (sinks: readonly object[]) => served.reload({ ...served.settings, audit: { sinks } })
  assert.equal((await next([fileSink(one.path, { keep: 7 })])).event, 'config-reloaded')
  assert.equal((await next([fileSink(two.path)])).event, 'config-reloaded')
  const refused = await next([fileSink(join(served.file, 'no', 'folder.jsonl'))])
  assert.equal(refused.event, 'config-refused')
  assert.match(String(refused.msg), /the file cannot be written/)
  isDone = true
  await load
  await served.stop()
  const all = [...eventsIn(one.folder), ...eventsIn(two.folder)]
  assert.equal(all.filter(({ event }) => event === 'allowed').length, sent)
  assert.deepEqual(
    all.flatMap(({ event, changed }) => (String(event).startsWith('config-') ? [[event, changed]] : [])),
    [
      ['config-reloaded', ['audit']],
      ['config-reloaded', ['audit']],
      ['config-refused', []],
    ],
  )
  for (const { folder, keyFile } of [one, two])
    assert.equal((await runAudit('verify', '--key-file', keyFile, ...filesIn(folder))).code, 0)
})

test('a file that cannot be written ends the start, with a sentence', async () => {
  const path = join(directory, 'a-file')
  writeFileSync(path, '')
  await assert.rejects(
    serve({ audit: { sinks: [fileSink(join(path, 'audit.jsonl'))] } }),
    /audit\.sinks\.0\.path: the file cannot be written \(.+\)\. Check the path/,
  )
})

test('audit.reads records reading too', async () => {
  const { folder, path } = trailFolder()
  const served = await serve({ audit: { reads: 'all', sinks: [fileSink(path)] } })
  await fetch(`${served.url}/app/things`, { headers: { cookie: await cookieOf(served) } })
  const [read] = await until(folder, 'allowed', 1)
  assert.deepEqual([read?.action, read?.operation], ['read', 'generic.read'])
})

test('the log is the sink by default: writing is in it, and log.requests can limit it', async () => {
  const usual = await serve({})
  await write(usual, await cookieOf(usual))
  await usual.until(() => usual.logged('allowed').length === 1)
  assert.equal(usual.logged('login')[0]?.user, 'bob')
  const limited = await serve({ log: { requests: 'refused' } })
  await write(limited, await cookieOf(limited))
  await limited.stop()
  assert.deepEqual([limited.logged('allowed').length, limited.logged('login').length], [0, 1])
})

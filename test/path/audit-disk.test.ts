import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mountSmallDisk, type SmallDisk } from '../../infra/parts/small-disk.ts'
import { groupFiles } from '../../src/gateway/audit/read/trail-files.ts'
import { verifyTrail } from '../../src/gateway/audit/read/verify.ts'
import { Browser } from '../browser.ts'
import { signIn } from '../kit.ts'
import { type PathKit, startPath } from './kit.ts'

/** The file of the audit trail on a disk that is full for a while. */

let disk: SmallDisk
before(async () => {
  disk = await mountSmallDisk(2)
})
after(() => disk.close())

async function start(
  name: string,
  onFailure: string,
  handle: RequestListener = (_request, response) => void response.end('done'),
): Promise<PathKit & { readonly path: string }> {
  const path = join(disk.folder, `${name}.jsonl`)
  const audit = { onFailure, queueEvents: 100, sinks: [{ type: 'file', path, chain: true }] }
  const kit = await startPath(handle, { config: { audit, console: { enabled: true } } })
  return { ...kit, path }
}

const send = ({ url, cookie }: PathKit, method: string) =>
  fetch(`${url}/p/x`, { method, headers: { cookie, origin: url, accept: 'application/json' } })
const reasonOf = async (response: Response) => ((await response.json()) as { reason: string }).reason

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** The last page of a file has room on a full disk. The request that meets its end was admitted: its event waits. */
async function sendUntilFull(kit: PathKit): Promise<{ readonly admitted: number; readonly denied: number }> {
  const isFull = () => saidOf(kit)('audit-sink-failed')
  for (let admitted = 0; ; admitted += 1) {
    if (isFull()) return { admitted, denied: 0 }
    const { status } = await send(kit, 'POST')
    // The disk was found full while this request was on its way.
    if (status === 503 && isFull()) return { admitted, denied: 1 }
    assert.equal(status, 200)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const saidOf =
  ({ logged }: PathKit) =>
  (name: string) =>
    logged.some(({ event }) => event === name)
const eventsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

async function metric({ gateway }: PathKit, name: string): Promise<string> {
  const text = await gateway.metrics.registry.metrics()
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .join('\n')
}

/** `/readyz`: its status, and what it says of the gateway and of the trail. */
async function ready({ url }: PathKit): Promise<unknown[]> {
  const response = await fetch(`${url}/readyz`)
  const { status, audit } = (await response.json()) as Record<string, string>
  return [response.status, status, audit]
}

async function assertChained(path: string): Promise<void> {
  const [trail] = await groupFiles([path])
  assert.ok(trail)
  assert.deepEqual((await verifyTrail(trail, { key: undefined })).problems, [])
}

test('deny-writes: writing gets 503 audit-unavailable while the disk is full, reading continues', async () => {
  const kit = await start('deny', 'deny-writes')
  const said = saidOf(kit)
  assert.equal((await send(kit, 'POST')).status, 200)
  assert.deepEqual(await ready(kit), [200, 'ready', 'ready'])
  disk.fill()
  const { admitted, denied: deniedBefore } = await sendUntilFull(kit)
  for (let round = 0; round < 3; round += 1) {
    const denied = await send(kit, 'POST')
    assert.deepEqual([denied.status, denied.headers.get('retry-after')], [503, '5'])
    assert.equal(await reasonOf(denied), 'audit-unavailable')
    assert.equal((await send(kit, 'GET')).status, 200)
  }
  assert.match(await metric(kit, 'modelops_gateway_audit_sink_ready'), /sink="file"\} 0$/)
  assert.deepEqual(await ready(kit), [200, 'degraded', 'down'])
  disk.free()
  await until(() => said('audit-sink-works'))
  assert.equal((await send(kit, 'POST')).status, 200)
  await kit.close()
  const events = eventsIn(kit.path)
  assert.equal(events.filter(({ event }) => event === 'allowed').length, 1 + admitted + 1)
  assert.equal(events.filter(({ reason }) => reason === 'audit-unavailable').length, deniedBefore + 3)
  assert.ok(!events.some(({ event }) => event === 'events-lost'))
  await assertChained(kit.path)
})

test('deny-writes: nobody who is not signed in takes the place of a change that is under way', async () => {
  const held: ServerResponse[] = []
  const kit = await start('flood', 'deny-writes', (_request, response) => void held.push(response))
  const writing = send(kit, 'POST')
  await until(() => held.length === 1)
  disk.fill()
  const flood = async () => assert.equal((await fetch(`${kit.url}/p/flood`, { method: 'POST' })).status, 401)
  for (let round = 0; round < 150 || !saidOf(kit)('audit-queue-full'); round += 1) await flood()
  held[0]?.end('done')
  assert.equal((await writing).status, 200)
  disk.free()
  await until(() => saidOf(kit)('audit-sink-works'))
  await kit.close()
  const written = eventsIn(kit.path).filter(({ event }) => event === 'allowed')
  assert.deepEqual(
    written.map(({ path, user }) => [path, user]),
    [['/p/x', 'bob']],
  )
})

test('deny-writes: an administrator ends no session while that cannot be recorded', async () => {
  const kit = await start('console', 'deny-writes')
  const alice = new Browser()
  const page = await signIn(alice, `${kit.url}/auth/admin/sessions/end?all=true`, 'alice')
  disk.fill()
  while (!saidOf(kit)('audit-sink-failed')) await send(kit, 'POST')
  const denied = await alice.submit(page)
  assert.equal(denied.status, 503)
  assert.match(denied.text, /audit-unavailable/)
  assert.equal((await send(kit, 'GET')).status, 200, 'the session of bob lives')
  disk.free()
  await until(() => saidOf(kit)('audit-sink-works'))
  await alice.submit(page)
  assert.equal((await send(kit, 'GET')).status, 401, 'the session of bob has ended')
  await kit.close()
})

test('continue: requests are served, lost events are counted, and the trail says how many', async () => {
  const kit = await start('continue', 'continue')
  const said = saidOf(kit)
  disk.fill()
  await sendUntilFull(kit)
  for (let round = 0; round < 130; round += 1) assert.equal((await send(kit, 'POST')).status, 200)
  assert.ok(said('audit-queue-full'))
  const lost = Number(/result="lost"\} (\d+)/.exec(await metric(kit, 'modelops_gateway_audit_events_total'))?.[1])
  assert.ok(lost >= 30, String(lost))
  assert.match(await metric(kit, 'modelops_gateway_audit_queue_length'), /\} 100$/)
  disk.free()
  await until(() => said('audit-sink-works'))
  await kit.close()
  const events = eventsIn(kit.path)
  const reported = events.filter(({ event }) => event === 'events-lost')
  assert.deepEqual(
    reported.map((event) => event.lost),
    [lost],
  )
  // Each event has a number: what is missing between them is what was lost.
  const numbers = events.map(({ sequence }) => Number(sequence))
  assert.equal(Math.max(...numbers) - numbers.length, lost - (numbers.length - new Set(numbers).size))
  await assertChained(kit.path)
})

test('a disk that is full at the start, too, mends itself', async () => {
  disk.fill()
  const kit = await start('full', 'deny-writes')
  const said = saidOf(kit)
  await until(() => said('audit-sink-failed'))
  assert.equal((await send(kit, 'POST')).status, 503)
  disk.free()
  await until(() => said('audit-sink-works'))
  assert.equal((await send(kit, 'POST')).status, 200)
  await kit.close()
  writeFileSync(join(disk.folder, 'probe'), '')
  await assertChained(kit.path)
})

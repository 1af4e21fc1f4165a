import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { VERSION } from '../../infra/package/python-packages.ts'
import { startRedis } from '../../infra/parts/redis.ts'
import { ensurePreviousRelease } from '../../infra/release/previous-release.ts'
import { type Lab, startLab } from '../faults/lab.ts'
import { ask, putLoad } from '../faults/load.ts'
import type { Replica } from '../faults/replica.ts'
import { sendBearerRequests } from './machines.ts'
import { followEvents } from './stream.ts'

/**
 * From the previous release to this version and back, one replica after the other behind a real Caddy, while users,
 * machines and a stream are busy. Access tokens live for 8 s, so sessions are refreshed by both versions.
 */
const RATE = 30
const SETTINGS = {
  session: { refreshBeforeSeconds: 3, cacheSeconds: 2 },
  issuer: { accessTokenSeconds: 8 },
  config: { issuer: { audiences: ['gateway'] }, server: { drainSeconds: 3 } },
}

const stores = {
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'upgrade-'))
    return { store: `sqlite:${join(folder, 'sessions.db')}`, close: async () => rmSync(folder, { recursive: true }) }
  },
  async Redis() {
    const redis = await startRedis()
    return { store: `redis://127.0.0.1:${redis.port}`, close: () => redis.close() }
  },
}

for (const [name, open] of Object.entries(stores)) {
  test(`sessions in ${name}: a rolling upgrade, and back, signs nobody out and loses nothing`, async (t) => {
    const previous = await ensurePreviousRelease()
    const { store, close } = await open()
    const lab = await startLab({ ...SETTINGS, store, program: previous.program })
    try {
      await travel(lab, previous.program, previous.version, (line) => t.diagnostic(`| ${name} | ${line} |`))
    } finally {
      await lab.close()
      await close()
    }
  })
}

/** @param report Takes the cells of one phase */
async function travel(lab: Lab, oldProgram: string, oldVersion: string, report: (line: string) => void): Promise<void> {
  const [first, second] = lab.replicas
  const cookies = await lab.signIn(5)
  const replace = async (replica: Replica, program?: string) => {
    await replica.drain()
    await replica.start(program)
    await sleep(1500)
    cookies.push(...(await lab.signIn(2))) // sessions that this mix of versions made
  }
  const phase = async (about: string, seconds: number, happens: () => Promise<void>) => {
    const refreshesBefore = lab.issuer.refreshGrants
    const load = putLoad({ url: lab.url, cookies: [...cookies], seconds, rate: RATE })
    await happens()
    const { failed, loggedOut, letIn, faults } = await load
    const refreshes = lab.issuer.refreshGrants - refreshesBefore
    // One request in ten has no session.
    report(`${about} | ${(seconds * RATE * 9) / 10 - failed - loggedOut} | ${refreshes} | ${failed} | ${loggedOut}`)
    assert.deepEqual({ failed, loggedOut, letIn, faults }, { failed: 0, loggedOut: 0, letIn: 0, faults: {} }, about)
    assert.ok(refreshes > 0, `${about}: sessions were refreshed`)
    await everySessionWorks(lab, cookies, about)
  }
  const stream = followEvents(lab.url, cookies[0] ?? '')
  const machines = sendBearerRequests(lab.url, lab.issuer.url)
  const stop = async () => ({ streamed: await stream.stop(), bearer: await machines.stop() })
  try {
    await phase(`${oldVersion} alone`, 10, () => sleep(5000))
    await phase(`${oldVersion} and ${VERSION}`, 16, () => replace(first))
    await phase(`${VERSION} alone`, 16, () => replace(second))
    await phase(`back: ${VERSION} and ${oldVersion}`, 16, () => replace(first, oldProgram))
    await phase(`back: ${oldVersion} alone`, 16, () => replace(second, oldProgram))
  } catch (error) {
    await stop()
    throw error
  }
  const { streamed, bearer } = await stop()
  report(`stream: ${streamed.events} events, ${streamed.reconnects} reconnects, ${streamed.lost} lost`)
  report(`bearer: ${bearer.requests} requests, ${bearer.unexpected.length} unexpected responses`)
  assert.deepEqual([streamed.lost, streamed.unexpected], [0, []])
  assert.ok(streamed.reconnects <= 4 && streamed.events > 200, 'one reconnect for each replaced replica')
  assert.deepEqual(bearer.unexpected, [])
  assert.ok(bearer.requests > 100)
  assert.equal(lab.upstream.repeated(), 0)
}

/** Every session, whichever version made it, at each replica. */
async function everySessionWorks(lab: Lab, cookies: readonly string[], about: string): Promise<void> {
  const { host } = new URL(lab.url)
  for (const { url } of lab.replicas) {
    const statuses = await Promise.all(cookies.map((cookie) => ask(url, cookie, 'GET', host)))
    assert.deepEqual(
      statuses.filter((status) => status !== 200),
      [],
      about,
    )
  }
}

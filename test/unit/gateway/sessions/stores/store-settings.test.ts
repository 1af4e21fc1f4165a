import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import type { SessionBackend } from '../../../../../src/gateway/sessions/stores/backend.ts'
import { watchStoreSettings } from '../../../../../src/gateway/sessions/stores/store-settings.ts'

type SettingsFault = NonNullable<SessionBackend['settingsFault']>

const MINUTE = 60_000
const evicting = { expected: 'noeviction', got: 'allkeys-lru' }

/** A store with the settings of `state.settingsFault`, and a clock to move. */
function watch(context: TestContext, settingsFault: SettingsFault) {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { log, lines } = collectedLog()
  const state = { settingsFault }
  const stop = watchStoreSettings({ settingsFault: () => state.settingsFault() }, log)
  const nextCheck = async (ms = MINUTE): Promise<void> => {
    context.mock.timers.tick(ms)
    await settled()
  }
  return { state, stop, nextCheck, warned: () => lines.filter(({ event }) => event === 'store-setting').length }
}

function collectedLog() {
  const lines: Record<string, unknown>[] = []
  return { lines, log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('a store that may lose sessions is reported at start, once', async (context) => {
  const { nextCheck, warned } = watch(context, async () => evicting)
  await settled()
  assert.equal(warned(), 1)
  await nextCheck()
  assert.equal(warned(), 1)
})

test('a setting that changes later is reported within a minute, and again when it returns', async (context) => {
  const { state, nextCheck, warned } = watch(context, async () => undefined)
  await settled()
  for (const [ask, expected] of [
    [async () => evicting, 1],
    [async () => undefined, 1],
    [async () => evicting, 2],
  ] as const) {
    state.settingsFault = ask
    await nextCheck()
    assert.equal(warned(), expected)
  }
})

test('a store that is down at start is checked again soon', async (context) => {
  const { state, nextCheck, warned } = watch(context, () => Promise.reject(new Error('down')))
  await settled()
  state.settingsFault = async () => evicting
  await nextCheck(4_999)
  assert.equal(warned(), 0)
  await nextCheck(1)
  assert.equal(warned(), 1)
})

test('a store is not checked after the gateway stops', async (context) => {
  const { state, stop, nextCheck, warned } = watch(context, async () => undefined)
  stop()
  state.settingsFault = async () => evicting
  await nextCheck()
  assert.equal(warned(), 0)
})

test('a store without settings is never reported', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { log, lines } = collectedLog()
  watchStoreSettings({}, log)
  await settled()
  assert.equal(lines.length, 0)
})

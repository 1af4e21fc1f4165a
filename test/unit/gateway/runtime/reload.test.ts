import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { AuditDraft } from '../../../../src/gateway/audit/event.ts'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { buildReload, type Prepared } from '../../../../src/gateway/runtime/reload.ts'

const withLevel = (level: string, listen = '127.0.0.1:4180'): Config =>
  parseConfig(
    JSON.stringify({
      server: { publicUrl: 'http://127.0.0.1:4180', listen },
      issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'a client secret' },
      session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
      access: { adminGroup: 'admins' },
      projects: { source: 'claim' },
      routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
      log: { level },
    }),
    'reloader.yaml',
  )

interface Setting {
  readonly load: () => Config
  readonly prepare?: (config: Config) => Promise<Prepared>
}

function start({ load, prepare }: Setting) {
  const logged: Record<string, unknown>[] = []
  const results: string[] = []
  const committed: string[] = []
  const recorded: AuditDraft[] = []
  const take = async (config: Config) => ({
    commit: async () => void committed.push(config.log.level),
    abort: () => undefined,
  })
  const reload = buildReload({
    current: withLevel('info'),
    load,
    prepare: prepare ?? take,
    log: pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    metrics: { reloaded: (result) => void results.push(result) },
    audit: { record: (event) => void recorded.push(event) },
  })
  return { reload, logged, results, committed, recorded }
}

test('a valid file is applied, and the log names what changed', async () => {
  const { reload, logged, results, committed, recorded } = start({ load: () => withLevel('warn') })
  await reload()
  assert.deepEqual(recorded, [
    { event: 'config-reloaded', category: 'configuration', action: 'configuration.reload', changed: ['log'] },
  ])
  assert.deepEqual(committed, ['warn'])
  assert.deepEqual(results, ['success'])
  assert.deepEqual(
    logged.map(({ event, changed }) => ({ event, changed })),
    [{ event: 'config-reloaded', changed: ['log'] }],
  )
})

test('a file with errors prepares nothing', async () => {
  let prepared = 0
  const { reload, logged, results } = start({
    load: () => withLevel('loud'),
    prepare: async () => {
      prepared += 1
      throw new Error('not asked for')
    },
  })
  await reload()
  assert.equal(prepared, 0)
  assert.deepEqual(results, ['failure'])
  assert.equal(logged[0]?.event, 'config-refused')
  assert.match(String(logged[0]?.msg), /log\.level: expected "debug", .* or .*, got "loud"/)
})

test('a change that needs a restart is refused before anything is prepared', async () => {
  const { reload, logged, committed } = start({ load: () => withLevel('warn', '127.0.0.1:1') })
  await reload()
  assert.deepEqual(committed, [])
  assert.deepEqual(logged[0]?.errors, [
    { path: 'server.listen', expected: 'no change without a restart', got: 'another value' },
  ])
})

test('what could not be prepared is not applied: the next file is compared with the current configuration', async () => {
  const levels = ['warn', 'error']
  let fails = true
  const { reload, logged, results } = start({
    load: () => withLevel(levels.shift() ?? 'info'),
    prepare: async () => {
      if (fails) throw new Error('the part cannot be built')
      return { commit: async () => undefined, abort: () => undefined }
    },
  })
  await reload()
  fails = false
  await reload()
  await reload()
  assert.deepEqual(results, ['failure', 'success', 'success'])
  assert.match(String(logged[0]?.msg), /the part cannot be built/)
  assert.deepEqual(logged[2]?.changed, ['log'])
})

test('reloads run one after the other; those asked for meanwhile are one', async () => {
  let loads = 0
  let open = Promise.withResolvers<void>()
  let atOnce = 0
  const { reload, results } = start({
    load: () => {
      loads += 1
      return withLevel('warn')
    },
    prepare: async () => {
      atOnce += 1
      assert.equal(atOnce, 1)
      await open.promise
      atOnce -= 1
      return { commit: async () => undefined, abort: () => undefined }
    },
  })
  const first = reload()
  await new Promise((resolve) => setImmediate(resolve))
  const others = [reload(), reload(), reload()]
  open.resolve()
  await first
  open = Promise.withResolvers()
  open.resolve()
  await Promise.all(others)
  assert.equal(loads, 2)
  assert.deepEqual(results, ['success', 'success'])
})

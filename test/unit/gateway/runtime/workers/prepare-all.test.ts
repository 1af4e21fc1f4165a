import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../../../src/gateway/config/schema.ts'
import { prepareAll, type Switchable } from '../../../../../src/gateway/runtime/workers/prepare-all.ts'
import { ConfigurationError, type FieldError } from '../../../../../src/shared/settings/field-errors.ts'

const [previous, next] = [{} as Config, {} as Config]
const sourceError: FieldError = { path: 'projects', expected: 'a source that responds', got: 'nothing' }

/** A worker that responds as told; `calls` records what was asked of it and done to it. */
function worker(
  responses: { prepare?: () => Promise<FieldError[]>; commit?: () => Promise<void> },
  calls: string[],
): Switchable & { config: Config } {
  return {
    pid: 7,
    config: previous,
    async prepare() {
      calls.push('prepare')
      return (await responses.prepare?.()) ?? []
    },
    async commit(config) {
      calls.push('commit')
      await responses.commit?.()
      this.config = config
    },
    abort: () => void calls.push('abort'),
    kill: () => void calls.push('SIGKILL'),
  }
}

const refusedFor = (paths: string[]) => (error: unknown) => {
  assert.ok(error instanceof ConfigurationError)
  assert.deepEqual(
    error.errors.map(({ path }) => path),
    paths,
  )
  return true
}

test('all that are ready switch', async () => {
  const calls: string[][] = [[], []]
  const workers = calls.map((each) => worker({}, each))
  const { switchAll } = await prepareAll(workers, next)
  assert.deepEqual(calls, [['prepare'], ['prepare']])
  await switchAll()
  assert.deepEqual(calls, [
    ['prepare', 'commit'],
    ['prepare', 'commit'],
  ])
  assert.ok(workers.every(({ config }) => config === next))
})

test('if one cannot prepare, none switches; an error that several report appears once', async () => {
  const calls: string[][] = [[], [], []]
  const refuse = { prepare: () => Promise.resolve([sourceError]) }
  const workers = [worker({}, calls[0] ?? []), worker(refuse, calls[1] ?? []), worker(refuse, calls[2] ?? [])]
  await assert.rejects(prepareAll(workers, next), refusedFor(['projects']))
  assert.deepEqual(
    calls,
    calls.map(() => ['prepare', 'abort']),
  )
  assert.ok(workers.every(({ config }) => config === previous))
})

test('if one exits while it prepares, none switches', async () => {
  const calls: string[] = []
  const exits = { prepare: () => Promise.reject(new Error('the other process has exited')) }
  await assert.rejects(prepareAll([worker({}, calls), worker(exits, [])], next), refusedFor(['server.workers']))
  assert.deepEqual(calls, ['prepare', 'abort'])
})

test('one that was ready and does not switch is killed', async () => {
  const [switches, sticks]: string[][] = [[], []]
  const stuck = { commit: () => Promise.reject(new Error('no response')) }
  const { switchAll } = await prepareAll([worker({}, switches ?? []), worker(stuck, sticks ?? [])], next)
  await switchAll()
  assert.deepEqual(switches, ['prepare', 'commit'])
  assert.deepEqual(sticks, ['prepare', 'commit', 'SIGKILL'])
})

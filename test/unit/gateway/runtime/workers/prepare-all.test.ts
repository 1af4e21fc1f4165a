import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../../../src/gateway/config/schema.ts'
import { prepareAll } from '../../../../../src/gateway/runtime/workers/prepare-all.ts'
import type { Member } from '../../../../../src/gateway/runtime/workers/supervisor.ts'
import { ConfigurationError, type FieldError } from '../../../../../src/shared/settings/field-errors.ts'

const [former, next] = [{} as Config, {} as Config]
const fault: FieldError = { path: 'projects', expected: 'a source that answers', got: 'nothing' }

/** A worker that answers as told; `did` records what was asked of it and what was done to it. */
function member(
  answers: { prepare?: () => Promise<FieldError[]>; commit?: () => Promise<void> },
  did: string[],
): Member {
  const worker = { process: { pid: 7, kill: (signal: string) => void did.push(signal) } }
  const ask = async (what: string) => {
    did.push(what)
    if (what === 'prepare') return (await answers.prepare?.()) ?? []
    if (what === 'commit') return await answers.commit?.()
  }
  return { worker, line: { ask }, bornAt: 0, config: former, serves: true } as unknown as Member
}

const refusedFor = (paths: string[]) => (error: unknown) => {
  assert.ok(error instanceof ConfigurationError)
  assert.deepEqual(
    error.faults.map(({ path }) => path),
    paths,
  )
  return true
}

test('all that are ready switch', async () => {
  const did: string[][] = [[], []]
  const members = did.map((each) => member({}, each))
  const { switchAll } = await prepareAll(members, next)
  assert.deepEqual(did, [['prepare'], ['prepare']])
  await switchAll()
  assert.deepEqual(did, [
    ['prepare', 'commit'],
    ['prepare', 'commit'],
  ])
  assert.ok(members.every(({ config }) => config === next))
})

test('one that cannot get ready keeps all from switching; a fault that several have is told once', async () => {
  const did: string[][] = [[], [], []]
  const refuse = { prepare: () => Promise.resolve([fault]) }
  const members = [member({}, did[0] ?? []), member(refuse, did[1] ?? []), member(refuse, did[2] ?? [])]
  await assert.rejects(prepareAll(members, next), refusedFor(['projects']))
  assert.deepEqual(
    did,
    did.map(() => ['prepare', 'abort']),
  )
  assert.ok(members.every(({ config }) => config === former))
})

test('one that dies while it gets ready keeps all from switching', async () => {
  const did: string[] = []
  const dies = { prepare: () => Promise.reject(new Error('the other process is gone')) }
  await assert.rejects(prepareAll([member({}, did), member(dies, [])], next), refusedFor(['server.workers']))
  assert.deepEqual(did, ['prepare', 'abort'])
})

test('one that was ready and does not switch is ended', async () => {
  const [good, bad]: string[][] = [[], []]
  const stuck = { commit: () => Promise.reject(new Error('no answer')) }
  const { switchAll } = await prepareAll([member({}, good ?? []), member(stuck, bad ?? [])], next)
  await switchAll()
  assert.deepEqual(good, ['prepare', 'commit'])
  assert.deepEqual(bad, ['prepare', 'commit', 'SIGKILL'])
})

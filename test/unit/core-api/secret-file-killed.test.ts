import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { renderEnvFile } from '../../../src/core-api/jobs/render.ts'
import { shredSecretFile, writeSecretFile } from '../../../src/core-api/jobs/secret-file.ts'
import { draftPath, removeStaleDrafts } from '../../../src/core-api/jobs/stale-drafts.ts'

const root = mkdtempSync(join(tmpdir(), 'secret-file-killed-'))
after(() => rmSync(root, { recursive: true }))
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'))
  file = join(folder, 'job.env')
})
const text = renderEnvFile({ VMO_CONN_PASSWORD: 'needle' })
const secretFile = pathToFileURL(join(import.meta.dirname, '../../../src/core-api/jobs/secret-file.ts')).href

/** Writes the file in a process of its own, in which `step` of `node:fs` first does `action`. */
async function writeInChild(step: string, action: string): Promise<NodeJS.Signals | null> {
  const script = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const original = fs.${step}
    fs.${step} = (...args) => { ${action}; return original(...args) }
    syncBuiltinESMExports()
    const { writeSecretFile } = await import(${JSON.stringify(secretFile)})
    await writeSecretFile(process.argv[1], process.argv[2])`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, file, text]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)))
}
const kill = (signal: string) => `process.kill(process.pid, '${signal}')`
const contents = () => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const step of ['openSync', 'fsyncSync', 'renameSync'])
    test(`${signal} at ${step} ends the process and leaves no file`, async () => {
      assert.equal(await writeInChild(step, kill(signal)), signal)
      assert.deepEqual(readdirSync(folder), [])
    })

for (const [what, next] of [
  ['the next run', () => writeSecretFile(file, text)],
  ['the next run for another file', () => writeSecretFile(join(folder, 'other.env'), text)],
  ['--delete', () => shredSecretFile(file)],
] as const)
  test(`what SIGKILL leaves behind is removed by ${what}`, async () => {
    assert.equal(await writeInChild('renameSync', kill('SIGKILL')), 'SIGKILL')
    assert.equal(readdirSync(folder).filter((name) => name.startsWith('.job.env.')).length, 1)
    assert.ok(contents().some((content) => content.includes('needle')))
    await next()
    assert.ok(!readdirSync(folder).some((name) => name.startsWith('.')), String(readdirSync(folder)))
  })

test('a draft is overwritten before it is removed', async () => {
  await writeInChild('renameSync', kill('SIGKILL'))
  const [draft = ''] = readdirSync(folder)
  const copy = await import('node:fs/promises').then(({ open }) => open(join(folder, draft), 'r'))
  await removeStaleDrafts(folder)
  const { buffer, bytesRead } = await copy.read(Buffer.alloc(4096), 0, 4096, 0)
  await copy.close()
  assert.ok(bytesRead > 0 && !buffer.includes('needle'))
})

/** A draft that looks like one of another process. */
function plant(change: (path: string) => void, pid: number | 'dead' = 'dead', ageMs = 0): string {
  const path = draftPath(file).replace(`-${process.pid}-`, `-${pid === 'dead' ? 2 ** 22 + 1 : pid}-`)
  writeFileSync(path, text, { mode: 0o600 })
  const time = new Date(Date.now() - ageMs)
  utimesSync(path, time, time)
  change(path)
  return path
}
const nothing = () => undefined
const kept: [string, () => string][] = [
  ['the draft of a process that runs', () => plant(nothing, process.ppid)],
  ['a draft of this process', () => plant(nothing, process.pid)],
  ['a draft that others can read', () => plant((path) => chmodSync(path, 0o644))],
  ['a draft with a second name', () => plant((path) => linkSync(path, join(folder, 'second')))],
  [
    'a link with the name of a draft',
    () => {
      const path = plant((draft) => rmSync(draft))
      writeFileSync(join(folder, 'elsewhere'), text, { mode: 0o600 })
      symlinkSync(join(folder, 'elsewhere'), path)
      return path
    },
  ],
  [
    'a recent draft of another host or container',
    () => {
      const path = plant((draft) => rmSync(draft)).replace(/job-env-[0-9a-f]{8}/, 'job-env-00000000')
      writeFileSync(path, text, { mode: 0o600 })
      return path
    },
  ],
  [
    'a file with another name',
    () => {
      writeFileSync(join(folder, '.job.env.0123456789ab'), text, { mode: 0o600 })
      return join(folder, '.job.env.0123456789ab')
    },
  ],
]
for (const [what, make] of kept)
  test(`${what} is not removed`, async () => {
    const path = make()
    await removeStaleDrafts(folder)
    assert.equal(readFileSync(path, 'utf8'), text)
  })

const removed: [string, () => string][] = [
  ['a draft of a process that has ended', () => plant(nothing)],
  ['an old draft of a process ID that is in use again', () => plant(nothing, process.ppid, 700_000)],
  ['a draft of this process ID from before this process', () => plant(nothing, process.pid, 400_000)],
]
for (const [what, make] of removed)
  test(`${what} is removed`, async () => {
    make()
    await removeStaleDrafts(folder)
    assert.deepEqual(readdirSync(folder), [])
  })

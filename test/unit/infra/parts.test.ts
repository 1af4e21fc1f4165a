import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkPorts, loadSettings } from '../../../infra/demo/settings.ts'
import { train } from '../../../infra/demo/training.ts'
import { sendSignal, startBackground } from '../../../infra/parts/background.ts'
import { withLock } from '../../../infra/parts/lock.ts'
import { freePort, isPortFree, reservePort } from '../../../infra/parts/ports.ts'
import { isNewEnough } from '../../../infra/parts/python.ts'
import { run } from '../../../infra/parts/run.ts'

const SERVE = "require('node:http').createServer((q,s)=>s.end('ok')).listen(Number(process.argv[1]),'127.0.0.1')"

test('two installers of one name run one after the other', async () => {
  const order: string[] = []
  const said: string[] = []
  const first = Promise.withResolvers<void>()
  const one = withLock(
    'test-lock',
    () => {},
    async () => {
      order.push('first in')
      await first.promise
      order.push('first out')
    },
  )
  const two = withLock(
    'test-lock',
    (line) => said.push(line),
    async () => order.push('second'),
  )
  first.resolve()
  await Promise.all([one, two])
  assert.deepEqual(order, ['first in', 'first out', 'second'])
  assert.deepEqual(said, ['test-lock: another process is installing it; waiting'])
})

test('a lock is given back when the work fails', async () => {
  await assert.rejects(
    withLock(
      'test-failing',
      () => {},
      () => Promise.reject(new Error('no network')),
    ),
    /no network/,
  )
  assert.equal(
    await withLock(
      'test-failing',
      () => {},
      async () => 'again',
    ),
    'again',
  )
})

test('a command that does not exist fails with its name instead of throwing', async () => {
  const { ok, tail } = await run('no-such-command', [])
  assert.equal(ok, false)
  assert.match(tail, /no-such-command/)
})

test('a command that does not end is stopped at its limit, and has failed', async () => {
  const { ok } = await run('sleep', ['600'], { seconds: 0.05 })
  assert.equal(ok, false)
})

test('a signal to a process that has ended says so instead of throwing', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  assert.equal(sendSignal(child.pid ?? 0, 'SIGKILL'), false)
})

test('Python is new enough from 3.10 on', () => {
  assert.deepEqual(['2.7', '3.9', '3.10', '3.13'].map(isNewEnough), [false, false, true, true])
})

test('a started program answers, and is gone after close together with its port', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const port = await freePort()
  const program = await startBackground({
    name: 'The test program',
    command: process.execPath,
    args: ['-e', SERVE, String(port)],
    logFile: join(folder, 'log'),
    readyUrl: `http://127.0.0.1:${port}/`,
    readySeconds: 20,
  })
  assert.equal(await isPortFree(port), false)
  await program.close()
  await program.stopped
  assert.equal(await isPortFree(port), true)
})

test('a program that stops while starting shows the end of its log', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const start = startBackground({
    name: 'The test program',
    command: process.execPath,
    args: ['-e', "console.error('my last words'); process.exit(3)"],
    logFile: join(folder, 'log'),
    readyUrl: `http://127.0.0.1:${await freePort()}/`,
    readySeconds: 20,
  })
  await assert.rejects(start, /The test program stopped while starting[\s\S]*my last words/)
})

test('the demo names every port that is taken before it starts anything', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  const squatter = createServer().listen(0, '127.0.0.1')
  t.after(() => squatter.close(() => rmSync(folder, { recursive: true })))
  await once(squatter, 'listening')
  const { port } = squatter.address() as { port: number }
  const free = String(await freePort())
  const settings = loadSettings({
    DEMO_DIRECTORY: folder,
    DEMO_PORT: String(port),
    DEMO_ISSUER_PORT: free,
    DEMO_MLFLOW_PORT: free,
    DEMO_UI_PORT: String(port),
    DEMO_CORE_PORT: String(port),
  })
  await assert.rejects(checkPorts(settings), {
    message: ['DEMO_PORT', 'DEMO_UI_PORT', 'DEMO_CORE_PORT']
      .map((name) => `Port ${port} is in use. Stop the program that uses it, or set ${name} to another port.`)
      .join('\n'),
  })
})

test('the demo refuses a port that is no number', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.throws(() => loadSettings({ DEMO_DIRECTORY: folder, DEMO_PORT: 'http' }), {
    message: 'DEMO_PORT: expected a port from 1 to 65535, got "http"',
  })
})

test('the demo keeps its secrets from one start to the next', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'parts-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const first = loadSettings({ DEMO_DIRECTORY: folder })
  assert.equal(first.sessionSecret.length, 64)
  assert.equal(first.encryptionToken.length, 64)
  assert.notEqual(first.encryptionToken, first.sessionSecret)
  assert.deepEqual(loadSettings({ DEMO_DIRECTORY: folder }), first)
})

test('the demo’s training learns: the loss falls and the line is found', () => {
  const { losses, slope, intercept } = train(0.5, 0)
  assert.ok((losses.at(-1) ?? 1) < (losses[0] ?? 0) / 100)
  assert.ok(Math.abs(slope - 3) < 0.1 && Math.abs(intercept - 2) < 0.1)
})

test('a port that one process was given is not given to another one while it runs', async () => {
  const ports = JSON.stringify(join(import.meta.dirname, '../../../infra/parts/ports.ts'))
  const other = async (call: string) =>
    (await run(process.execPath, ['-e', `import(${ports}).then(async (m) => console.log(await m.${call}))`])).tail
  assert.equal(await other(`reservePort(${await freePort()})`), 'false')
  assert.equal(await reservePort(Number(await other('freePort()'))), true)
})

test('a port is given once, and one that somebody listens on never', async (t) => {
  const ports = await Promise.all(Array.from({ length: 100 }, freePort))
  assert.equal(new Set(ports).size, 100)
  const server = createServer().listen(ports[0], '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  assert.equal(await isPortFree(ports[0] as number), false)
})

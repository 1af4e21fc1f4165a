import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { bundledProgram } from '../../cli/bundled.ts'

const [node = '', ...program] = await bundledProgram()
const folder = mkdtempSync(join(tmpdir(), 'gateway-serve-'))
after(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  /** Without the log, whose lines are JSON. */
  readonly stderr: string
}

async function serve(sections: Record<string, object>): Promise<Ended> {
  return run('serve', {
    issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'not-a-placeholder' },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
    ...sections,
  })
}

/** Runs a command until it ends. A process that is still there after forty seconds hangs, and has no code. */
async function run(command: string, config: object): Promise<Ended> {
  const file = join(folder, `${randomUUID()}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(node, [...program, command, '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const hung = setTimeout(() => child.kill('SIGKILL'), 40_000)
  const [code] = await once(child, 'close')
  clearTimeout(hung)
  return { code, stderr: stderr.replaceAll(/^\{.*\}\n/gm, '') }
}

const publicUrl = 'http://127.0.0.1:4180'

async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** One sentence about what is wrong, one about what to do, no stack. */
function failedWith({ code, stderr }: Ended, message: RegExp): void {
  assert.equal(code, 1, stderr)
  assert.match(stderr, message)
  assert.equal(stderr.trim().split('\n').length, 1, stderr)
}

test('a port that is taken ends the process at once', async (t) => {
  const listen = `127.0.0.1:${await takenPort(t)}`
  failedWith(
    await serve({ server: { publicUrl, listen } }),
    new RegExp(`^server\\.listen: ${listen} is already in use\\. `),
  )
})

test('a taken port of the admin listener ends the process, although the public one is open', async (t) => {
  const adminListen = `127.0.0.1:${await takenPort(t)}`
  const server = { publicUrl, listen: '127.0.0.1:0', adminListen }
  failedWith(await serve({ server }), new RegExp(`^server\\.adminListen: ${adminListen} is already in use\\. `))
})

test('workers that cannot listen end the whole group with one message', async (t) => {
  const listen = `127.0.0.1:${await takenPort(t)}`
  const session = {
    secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'],
    store: `sqlite:${join(folder, 'workers.db')}`,
  }
  failedWith(
    await serve({ server: { publicUrl, listen, workers: 2 }, session }),
    /^server\.listen: .* is already in use\. /,
  )
})

test('an address of another machine ends the process', async () => {
  failedWith(
    await serve({ server: { publicUrl, listen: '192.0.2.1:4180' } }),
    /^server\.listen: .* is not an address of this machine\./,
  )
})

test('a store that cannot be opened ends the process, and so does a projects file that is missing', async () => {
  const server = { publicUrl, listen: '127.0.0.1:0' }
  const session = { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'], store: 'sqlite:/nowhere/sessions.db' }
  failedWith(await serve({ server, session }), /^session\.store: the session store cannot be opened/)
  const projects = { source: 'file', path: 'no-projects.yaml' }
  const { code, stderr } = await serve({ server, projects })
  assert.equal(code, 1, stderr)
  assert.match(
    stderr,
    /no-projects\.yaml\n {2}expected: a readable YAML or JSON list of projects\n {2}received: ENOENT/,
  )
})

test('one address for both listeners is an error of the configuration', async () => {
  const server = { publicUrl, listen: '127.0.0.1:4180', adminListen: '127.0.0.1:4180' }
  const { code, stderr } = await serve({ server })
  assert.equal(code, 1)
  assert.match(stderr, /server\.adminListen\n.*\n.*\n {2}expected: another address or port than server\.listen/)
})

test('two listeners that overlap without being equal end the process as well', async (t) => {
  const port = await takenPort(t)
  const server = { publicUrl, listen: '127.0.0.1:0', adminListen: `0.0.0.0:${port}` }
  failedWith(await serve({ server }), /^server\.adminListen: .* is already in use\. /)
})

test('the core API ends in the same way', async (t) => {
  const listen = `127.0.0.1:${await takenPort(t)}`
  const config = {
    server: { listen },
    gateway: { publicUrl },
    access: { adminGroup: 'admins' },
    storage: { url: `sqlite:${join(folder, 'core.db')}` },
    encryption: { token: 'a-token-without-spaces' },
  }
  failedWith(await run('core', config), new RegExp(`^server\\.listen: ${listen} is already in use\\. `))
})

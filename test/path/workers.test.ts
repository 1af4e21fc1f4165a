import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'

/** `serve` with `server.workers`: one listener, several processes, one signal that ends them all. */

let issuer: EmbeddedIssuer
let directory = ''
before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'workers-'))
})
after(async () => {
  await issuer.close()
  await rm(directory, { recursive: true })
})

async function serve(workers: number | 'auto', store: string) {
  const port = await freePort()
  const file = join(directory, `${port}.yaml`)
  const config = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: `http://127.0.0.1:${port}`, workers, drainSeconds: 0 },
    issuer: { url: issuer.url, clientId: 'gateway', clientSecret: 'not-used-in-this-test' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'], store },
    access: { adminGroup: 'admins' },
    projects: { source: 'static', list: [] },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
  }
  await writeFile(file, JSON.stringify(config))
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    'src/cli/main.ts',
    'serve',
    '--config',
    file,
  ])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)))
  while (!output.includes('ready at') && child.exitCode === null)
    await Promise.race([once(child.stderr, 'data'), once(child, 'exit')])
  return { child, url: `http://127.0.0.1:${port}`, output: () => output }
}

test('two workers share the listener, and SIGTERM ends both and the supervisor', async () => {
  const { child, url, output } = await serve(2, `sqlite:${join(directory, 'sessions.db')}`)
  assert.match(output(), /, 2 workers\)/)
  for (let i = 0; i < 6; i += 1)
    assert.equal((await fetch(`${url}/healthz`, { headers: { connection: 'close' } })).status, 200)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  await assert.rejects(fetch(`${url}/healthz`))
})

test('the memory store allows one worker, and the log says so', async () => {
  const { child, output } = await serve(2, 'memory')
  assert.match(output(), /one-worker/)
  assert.doesNotMatch(output(), /2 workers/)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** Both Caddyfiles as shipped, in a real Caddy, over TLS and HTTP/2. */
const folder = mkdtempSync(join(tmpdir(), 'modelops-caddy-'))
const sites: Record<string, { caddy: Background; port: number; gateway: RunningServer }> = {}
let upstream: Recorder

before(async () => {
  upstream = await startRecorder()
  for (const name of ['Caddyfile', 'Caddyfile.forward-auth']) sites[name] = await startSite(name)
})
after(async () => {
  for (const { caddy, gateway } of Object.values(sites)) {
    await caddy.close()
    await gateway.close()
  }
  await upstream.close()
  rmSync(folder, { recursive: true })
})

async function startSite(name: string) {
  const [port, gatewayPort] = [await freePort(), await freePort()]
  const host = `o.localhost:${port}`
  const gateway = await startGateway({
    port: gatewayPort,
    issuerUrl: 'http://127.0.0.1:1',
    upstream: upstream.url,
    config: { server: { publicUrl: `https://${host}`, trustedProxies: ['127.0.0.1/32'] } },
    routes: [
      { name: 'open', app: 'generic', path: '/open', access: 'public' },
      { name: 'lobby', app: 'generic', path: '/lobby', access: 'login' },
    ],
  })
  const caddy = await startBackground({
    name,
    command: 'caddy',
    args: ['run', '--config', join(checkout, 'caddy', name), '--adapter', 'caddyfile'],
    env: {
      XDG_DATA_HOME: join(folder, name),
      GATEWAY_SITE: `https://${host}`,
      GATEWAY_BIND: '127.0.0.1',
      GATEWAY_REPLICAS: `127.0.0.1:${gatewayPort}`,
      APPLICATION: new URL(upstream.url).host,
    },
    logFile: join(folder, `${name}.log`),
    readyUrl: () =>
      ask(name, port, { ':path': '/auth/client-config' }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    readySeconds: 30,
  })
  return { caddy, port, gateway }
}

/** One HTTP/2 request; the certificate is verified against Caddy's own certificate authority. */
async function ask(
  name: string,
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  const ca = readFileSync(join(folder, name, 'caddy/pki/authorities/local/root.crt'))
  const client = connect(`https://127.0.0.1:${port}`, { ca, servername: 'o.localhost' })
  return new Promise((resolve, reject) => {
    client.once('error', reject)
    const stream = client.request({ ':method': 'GET', ':authority': `o.localhost:${port}`, ...headers })
    let body = ''
    let status = 0
    stream.on('response', (responseHeaders) => {
      status = Number(responseHeaders[':status'])
    })
    stream.on('data', (chunk) => {
      body += chunk
    })
    stream.once('error', reject)
    stream.once('end', () => {
      client.close()
      resolve({ status, body })
    })
    stream.end()
  })
}

const FORGED = {
  'x-forwarded-user': 'carol',
  x_forwarded_user: 'carol',
  'x-forwarded-groups': 'modelops-admins',
  'aoa-project-id': '11111111-1111-4111-8111-111111111111',
  aoa_project_id: '11111111-1111-4111-8111-111111111111',
  'x-gateway-assertion': 'eyJhbGciOiJub25lIn0.e30.',
}

for (const name of ['Caddyfile', 'Caddyfile.forward-auth']) {
  const through = (headers: Record<string, string>) => ask(name, sites[name]?.port ?? 0, headers)

  test(`${name}: a public path reaches the application over HTTP/2 and TLS`, async () => {
    assert.equal((await through({ ':path': '/open/a' })).status, 200)
    assert.equal(upstream.received.at(-1)?.target.endsWith('/a'), true)
  })

  test(`${name}: a path that needs a session is denied without one`, async () => {
    const before = upstream.received.length
    assert.equal((await through({ ':path': '/lobby/a' })).status, 401)
    assert.equal(upstream.received.length, before)
  })

  test(`${name}: no forged identity reaches the application`, async () => {
    await through({ ':path': '/open/a', ...FORGED })
    const values = upstream.received.at(-1)?.headers.map(([, value]) => value) ?? []
    for (const forged of Object.values(FORGED)) assert.ok(!values.includes(forged), forged)
  })

  for (const path of [
    '/open/..%2flobby/a',
    '/open/%2e%2e/lobby/a',
    '/open/%252e%252e/lobby',
    '/open/..\\lobby',
    '//lobby/a',
    '/open/%00',
  ]) {
    test(`${name}: ${path} does not reach the application`, async () => {
      const before = upstream.received.length
      const { status } = await through({ ':path': path })
      assert.ok(status >= 400 && status < 500, String(status))
      assert.equal(upstream.received.length, before)
    })
  }
}

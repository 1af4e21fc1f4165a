import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as requestPlain } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, before, beforeEach, test } from 'node:test'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { makeCertificate } from '../certificate.ts'
import { startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'

/**
 * Tokens that are bound to a client certificate (RFC 8705), behind a real Caddy that ends TLS and reports the certificate
 * (RFC 9440): with the lines of the guide, and with the Caddyfile as shipped, which reports none.
 */

const folder = mkdtempSync(join(tmpdir(), 'modelops-certificates-'))
const GUIDE = join(checkout, 'docs/guides/clients/proof-of-possession.md')
const alice = makeCertificate('127.0.0.1')
const mallory = makeCertificate('127.0.0.1')
const der = ({ cert }: { cert: string }) => new X509Certificate(cert).raw

let issuer: FakeIssuer
let upstream: Recorder
let gateway: RunningServer
let token = ''
let host = ''
const sites: Record<string, { readonly port: number; readonly ca: string; readonly caddy: Background }> = {}

before(async () => {
  ;[issuer, upstream] = await Promise.all([startFakeIssuer(), startRecorder()])
  const port = await freePort()
  host = 'o.localhost'
  gateway = await startGateway({
    port,
    issuerUrl: issuer.url,
    upstream: upstream.url,
    config: {
      server: { publicUrl: `https://${host}`, trustedProxies: ['127.0.0.1/32'] },
      proofOfPossession: { clientCertificates: true },
    },
    routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login' }],
  })
  const now = Math.floor(Date.now() / 1000)
  const cnf = { 'x5t#S256': createHash('sha256').update(der(alice)).digest('base64url') }
  token = await issuer.sign({
    iss: issuer.url,
    aud: 'gateway',
    sub: 'bob',
    typ: 'Bearer',
    iat: now,
    exp: now + 300,
    cnf,
  })
  await startSite('guide', siteOfGuide(), port)
  await startSite('shipped', readFileSync(join(checkout, 'caddy/Caddyfile'), 'utf8'), port)
})
after(async () => {
  for (const { caddy } of Object.values(sites)) await caddy.close()
  await gateway?.close()
  await Promise.all([issuer?.close(), upstream?.close()])
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  upstream.received.length = 0
})

/** The Caddyfile in the guide, with the addresses of this test. */
function siteOfGuide(): string {
  const [, text] = /```caddyfile\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? []
  assert.ok(text, 'the guide has a Caddyfile')
  const site = text
    .replace('https://o.example', '{$GATEWAY_SITE}')
    .replace('tls you@example.com', 'tls internal')
    .replace('127.0.0.1:4180', '{$GATEWAY_REPLICAS}')
  return `{\n admin off\n skip_install_trust\n auto_https disable_redirects\n}\n${site}`
}

async function startSite(name: string, caddyfile: string, gatewayPort: number): Promise<void> {
  const port = await freePort()
  const file = join(folder, `Caddyfile.${name}`)
  writeFileSync(file, caddyfile)
  const data = join(folder, name)
  const root = join(data, 'caddy/pki/authorities/local/root.crt')
  const caddy = await startBackground({
    name: `caddy-${name}`,
    command: 'caddy',
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
    env: {
      XDG_DATA_HOME: data,
      GATEWAY_SITE: `https://${host}:${port}`,
      GATEWAY_BIND: '127.0.0.1',
      GATEWAY_REPLICAS: `127.0.0.1:${gatewayPort}`,
    },
    logFile: join(folder, `${name}.log`),
    readyUrl: async () => {
      try {
        return (await ask(port, readFileSync(root, 'utf8'), '/healthz')).status === 200
      } catch {
        return false
      }
    },
    readySeconds: 30,
  })
  sites[name] = { port, ca: readFileSync(root, 'utf8'), caddy }
}

interface Client {
  readonly cert?: string
  readonly key?: string
}

function ask(
  port: number,
  ca: string,
  path: string,
  client: Client = {},
  headers: Record<string, string | string[]> = {},
) {
  return new Promise<{ status: number | undefined; reason: unknown }>((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername: host, ca, path, ...client, agent: false as const }
    request({ ...options, headers: { host, ...headers } }, async (response) => {
      const { reason } = (await json(response)) as { reason?: unknown }
      resolve({ status: response.statusCode, reason })
    })
      .on('error', reject)
      .end()
  })
}

async function enter(site: string, client: Client, headers: Record<string, string | string[]> = {}) {
  const { port = 0, ca = '' } = sites[site] ?? {}
  const { status, reason } = await ask(port, ca, '/lobby/x', client, { authorization: `Bearer ${token}`, ...headers })
  return [status, reason]
}

const spoofed = { 'Client-Cert': `:${der(alice).toString('base64')}:` }

test('with the certificate that the token is bound to, the request passes; neither header reaches the application', async () => {
  assert.deepEqual(await enter('guide', alice), [200, undefined])
  assert.deepEqual(upstream.lastValues('X-Forwarded-User'), ['bob'])
  assert.deepEqual([upstream.lastValues('Client-Cert'), upstream.lastValues('Authorization')], [[], []])
})

test('without a certificate, with another one, or with a header in place of one, it is refused', async () => {
  for (const [client, headers] of [
    [{}, {}],
    [mallory, {}],
    [{}, spoofed],
    [mallory, spoofed],
    [{}, { 'Client-Cert': [spoofed['Client-Cert'], spoofed['Client-Cert']] }],
  ] satisfies [Client, Record<string, string | string[]>][])
    assert.deepEqual(await enter('guide', client, headers), [401, 'proof-invalid'])
  assert.equal(upstream.received.length, 0)
})

test('the shipped Caddyfile forwards no certificate of a client, whatever the client says', async () => {
  for (const headers of [{}, spoofed]) assert.deepEqual(await enter('shipped', {}, headers), [401, 'proof-invalid'])
})

test('a client that does not come through the proxy cannot claim a certificate', async () => {
  // The gateway trusts 127.0.0.1 alone: another loopback address is any client.
  const answer = await new Promise<unknown[]>((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${token}`, ...spoofed }
    requestPlain(
      { port: gateway.port, host: '127.0.0.1', localAddress: '127.0.0.2', path: '/lobby/x', headers },
      async (response) => {
        const { reason } = (await json(response)) as { reason?: unknown }
        resolve([response.statusCode, reason])
      },
    )
      .on('error', reject)
      .end()
  })
  assert.deepEqual(answer, [401, 'proof-invalid'])
})

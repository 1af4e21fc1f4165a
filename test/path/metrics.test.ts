import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { METRICS } from '../../src/gateway/observability/metrics/catalogue.ts'
import { KIT_SECRET, signedInBrowser } from '../kit.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'
import { Served, type Settings } from './served.ts'

/** What `/metrics` of a started gateway exposes, and that nothing a client sends becomes a label. */

let issuer: EmbeddedIssuer
let directory = ''
before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'metrics-'))
})
after(async () => {
  await issuer.close()
  await rm(directory, { recursive: true })
})

async function serve(settings: Settings): Promise<Served> {
  return Served.start(directory, issuer.url, {
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'project' }],
    ...settings,
    session: { store: `sqlite:${join(directory, `${Math.random()}.db`)}`, ...settings.session },
  })
}

const text = async ({ adminUrl }: Pick<Served, 'adminUrl'>) => (await fetch(`${adminUrl}/metrics`)).text()

for (const workers of [1, 2]) {
  test(`every documented metric is exposed, and every exposed one is documented (workers: ${workers})`, async () => {
    const served = await serve({ server: { workers } })
    try {
      const exposed = [...(await text(served)).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
        ([, name, type]) => `${name} ${type}`,
      )
      const own = exposed.filter((line) => !/^(process|nodejs)_/.test(line))
      assert.deepEqual(
        own.toSorted(),
        Object.entries(METRICS)
          .map(([name, { type }]) => `${name} ${type}`)
          .toSorted(),
      )
      const page = readFileSync('docs/reference/metrics.md', 'utf8')
      const documented = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`)
      assert.deepEqual(documented.toSorted(), own.toSorted())
      assert.ok(exposed.includes('process_start_time_seconds gauge'))
    } finally {
      await served.stop()
    }
  })
}

test('projects become labels with the setting, and a reload takes them away again', async () => {
  const served = await serve({ observability: { projectLabel: 'name' }, server: { workers: 2 } })
  try {
    const browser = await signedInBrowser(served, 'bob')
    const cookie = browser.cookieHeader(new URL(served.url))
    const ask = (project: string) =>
      fetch(`${served.url}/a/`, { headers: { cookie, 'AOA-Project-ID': project, connection: 'close' } })
    await ask('11111111-1111-4111-8111-111111111111')
    await ask('99999999-9999-4999-8999-999999999999')
    const byProject = async () =>
      [...(await text(served)).matchAll(/^modelops_gateway_project_requests_total\{(.*)\} (\d+)$/gm)].map(
        ([, labels, value]) => `${labels} ${value}`,
      )
    // The upstream is down; a project that the caller only names is counted nowhere.
    assert.deepEqual(await byProject(), ['project="alpha",route="a",status="5xx" 1'])
    const errors = 'upstream="http://127.0.0.1:1",reason="unreachable"'
    assert.equal(await served.metric('modelops_gateway_upstream_errors_total', errors), 1)
    await served.reload({ ...served.settings, observability: { projectLabel: 'off', projectLabelLimit: 5 } })
    assert.deepEqual(await byProject(), [])
  } finally {
    await served.stop()
  }
})

test('the age of a secret is that of its file, as it was when the configuration was read', async () => {
  const file = join(directory, 'secret')
  await writeFile(file, KIT_SECRET)
  await utimes(file, 1_700_000_000, 1_700_000_000)
  const served = await serve({ session: { secrets: [`\${file:${file}}`] } })
  try {
    const changed = () => served.metric('modelops_gateway_secret_changed_timestamp_seconds', 'key="session.secrets.0"')
    assert.equal(await changed(), 1_700_000_000)
    await utimes(file, 1_800_000_000, 1_800_000_000)
    await served.reload('no configuration at all')
    assert.equal(await changed(), 1_700_000_000)
    await served.reload(served.settings)
    assert.equal(await changed(), 1_800_000_000)
  } finally {
    await served.stop()
  }
})

test('what clients and upstreams invent creates no series', async () => {
  const kit = await startPath((_request, response) => response.end('fine'), {})
  try {
    const exposed = () => kit.gateway.metrics.registry.metrics()
    const series = async () => [...(await exposed()).matchAll(/^(http_server|modelops)\S+\{/gm)].length
    const attack = async (i: number) => {
      await raw(kit, `GET /app/x${i}?evil=${i} HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
      await raw(kit, `GET /evil${i} HTTP/1.1\r\nHost: evil${i}.example\r\nConnection: close\r\n\r\n`)
      await raw(kit, `EVIL${i} /app/ HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
      await raw(kit, `GET /auth/evil${i} HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
      await raw(kit, `GET /p/ HTTP/1.1\r\n${kit.who}AOA-Project-ID: evil${i}\r\nConnection: close\r\n\r\n`)
      await raw(kit, `GET /app/ HTTP/1.1\r\n${kit.who}Authorization: Bearer evil${i}\r\nConnection: close\r\n\r\n`)
      await raw(kit, `GET /auth/callback?code=evil${i}&state=evil${i} HTTP/1.1\r\n${kit.who}Connection: close\r\n\r\n`)
    }
    await attack(0)
    // Denials are stored a moment later, and the first time makes the series of that operation.
    while (!(await exposed()).includes('operation="appendJournal"')) await sleep(20)
    const first = await series()
    for (let i = 1; i < 20; i += 1) await attack(i)
    assert.equal(await series(), first)
    assert.doesNotMatch(await exposed(), /evil/i)
  } finally {
    await kit.close()
  }
})

async function raw(kit: PathKit, bytes: string): Promise<string> {
  const client = new RawClient(kit.gateway.port)
  client.send(bytes)
  return client.ended()
}

test('bytes, connections, sessions, caches and the issuer are counted as they are used', async () => {
  const kit = await startPath((request, response) => request.resume().on('end', () => response.end('fine')), {})
  const value = async (series: string) => {
    const lines = (await kit.gateway.metrics.registry.metrics()).split('\n')
    return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1))
  }
  try {
    const upstream = new URL(`http://127.0.0.1:${(kit.server.address() as { port: number }).port}`).origin
    const post = (framing: string, body: string) =>
      raw(kit, `POST /app/ HTTP/1.1\r\n${kit.who}Origin: ${kit.url}\r\n${framing}\r\nConnection: close\r\n\r\n${body}`)
    assert.match(await post('Content-Length: 5', 'hello'), / 200 /)
    assert.match(await post('Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'), / 200 /)
    assert.equal(await value('http_server_request_body_bytes_total{route="app"}'), 8)
    assert.equal(await value('http_server_response_body_bytes_total{route="app"}'), 8)
    assert.equal(await value(`modelops_gateway_upstream_first_byte_duration_seconds_count{upstream="${upstream}"}`), 2)
    assert.equal(await value(`modelops_gateway_upstream_connect_duration_seconds_count{upstream="${upstream}"}`), 1)
    assert.equal(await value(`modelops_gateway_upstream_connections{upstream="${upstream}",state="idle"}`), 1)
    assert.equal((await value('modelops_gateway_cache_requests_total{cache="session",result="hit"}')) > 0, true)
    for (const operation of ['discovery', 'keys', 'token'])
      assert.ok(
        (await value(`modelops_gateway_issuer_request_duration_seconds_count{operation="${operation}"}`)) > 0,
        operation,
      )
    assert.equal(await value('modelops_gateway_sign_ins_total{result="success"}'), 1)
    assert.equal(await value('modelops_gateway_sessions_active{store="memory"}'), 1)
    const signOut = 'Content-Length: 0'
    await raw(
      kit,
      `POST /auth/logout HTTP/1.1\r\n${kit.who}Origin: ${kit.url}\r\n${signOut}\r\nConnection: close\r\n\r\n`,
    )
    assert.equal(await value('modelops_gateway_logouts_total{kind="user"}'), 1)
    assert.equal(await value('modelops_gateway_sessions_ended_total{store="memory",cause="user"}'), 1)
  } finally {
    await kit.close()
  }
})

test('WebSockets are counted while they are open, and a session that ends cuts them', async () => {
  const kit = await startPath((_request, response) => response.end(), {})
  kit.server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  const lines = async () => (await kit.gateway.metrics.registry.metrics()).split('\n')
  const has = async (line: string) => assert.ok((await lines()).includes(line), line)
  try {
    const client = new RawClient(kit.gateway.port)
    client.send(
      `GET /app/ HTTP/1.1\r\n${kit.who}Origin: ${kit.url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await client.until((heard) => heard.includes(' 101 '))
    await has('modelops_gateway_upgraded_connections 1')
    await has('modelops_gateway_upgrades_total{route="app"} 1')
    await has('http_server_active_requests 0')
    const gone = once(client.socket, 'close')
    await raw(
      kit,
      `POST /auth/logout HTTP/1.1\r\n${kit.who}Origin: ${kit.url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    await gone
    await has('modelops_gateway_upgraded_connections 0')
    await has('modelops_gateway_connections_cut_total{cause="session-ended"} 1')
    await has('http_server_active_requests 0')
  } finally {
    await kit.close()
  }
})

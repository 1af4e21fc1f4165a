import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { Browser } from '../browser.ts'
import { KIT_SECRET, signedInBrowser } from '../kit.ts'
import { acceptWebSocket } from './accept-websocket.ts'
import { RawClient } from './kit.ts'
import { Served, type Settings } from './served.ts'

/** SIGHUP: the file is taken over whole or not at all, and nobody who is using the gateway notices. */

let issuer: EmbeddedIssuer
let directory = ''
let upstream: Server
let origin = ''
/** Answers of the upstream that go on until the test ends them. */
let streams: ServerResponse[] = []
const running: Served[] = []

before(async () => {
  issuer = await startIssuer()
  directory = await mkdtemp(join(tmpdir(), 'reload-'))
  upstream = createServer({ keepAliveTimeout: 60_000 }, answer).listen(0, '127.0.0.1')
  upstream.on('upgrade', joinSocket)
  await once(upstream, 'listening')
  origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((served) => served.stop()))
})
after(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await issuer.close()
  await rm(directory, { recursive: true })
})

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  if (!url.endsWith('/events')) return void response.end(url)
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
  streams.push(response)
}

function joinSocket(request: IncomingMessage, socket: Socket): void {
  acceptWebSocket(request, socket)
  socket.pipe(socket)
}

const route = (name: string, more = {}) => ({
  name,
  app: 'generic',
  path: `/${name}`,
  access: 'login',
  upstream: origin,
  ...more,
})

async function serve(settings: Settings = {}): Promise<Served> {
  const served = await Served.start(directory, issuer.url, { routes: [route('app')], ...settings })
  running.push(served)
  return served
}

async function signedIn(served: Served): Promise<string> {
  return (await signedInBrowser(served, 'bob')).cookieHeader(new URL(served.url))
}

const get = (served: Served, path: string, cookie: string) =>
  fetch(served.url + path, { headers: { cookie, accept: 'application/json' }, redirect: 'manual' })
const reasonOf = async (response: Response) => ((await response.json()) as { reason: string }).reason

async function statusOnceRead(response: Response): Promise<string> {
  await response.text()
  return String(response.status)
}

/** A WebSocket to `/app`, joined. */
async function openSocket({ url }: Served, cookie: string): Promise<RawClient> {
  const { host, port } = new URL(url)
  const client = new RawClient(Number(port))
  client.send(
    `GET /app/ws HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nOrigin: ${url}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  await client.until((heard) => heard.endsWith('hello'))
  return client
}

/** Asks without a pause, two at a time, until told to stop; resolves to how many were answered by which status. */
function putLoad(served: Served, path: string, cookie: string): () => Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  let over = false
  const keepAsking = async () => {
    while (!over) {
      const status = await get(served, path, cookie).then(statusOnceRead, (error: Error) => error.message)
      seen[status] = (seen[status] ?? 0) + 1
    }
  }
  const asking = Promise.all([1, 2].map(keepAsking))
  return async () => {
    over = true
    await asking
    return seen
  }
}

for (const workers of [1, 2]) {
  test(`twenty reloads under load fail no request and end no session, with ${workers} workers`, async () => {
    const store = workers === 1 ? 'memory' : `sqlite:${join(directory, 'under-load.db')}`
    const served = await serve({ server: { workers }, session: { store } })
    const cookie = await signedIn(served)
    const stop = putLoad(served, '/app/x', cookie)
    const [one, two] = [
      served.settings,
      // Routes, limits (all upstream connections), sessions (limits and secrets) and projects are other ones.
      {
        ...served.settings,
        routes: [route('app', { responseSeconds: 60 }), route('extra')],
        limits: { upstreamConnections: 100 },
        session: { ...served.settings.session, secrets: ['another-secret-of-the-tests-with-32-bytes', KIT_SECRET] },
        projects: { source: 'static', list: [] },
      },
    ]
    for (let n = 0; n < 20; n += 1) {
      const isTwo = n % 2 === 0
      assert.equal((await served.reload(isTwo ? two : one)).event, 'config-reloaded')
      const asked = await Promise.all([1, 2, 3, 4].map(() => get(served, '/extra/x', cookie)))
      assert.deepEqual(
        asked.map(({ status }) => status),
        Array.from(asked, () => (isTwo ? 200 : 404)),
      )
    }
    const { 200: answered = 0, ...failed } = await stop()
    assert.deepEqual(failed, {})
    assert.ok(answered > 0)
    assert.equal(await served.metric('modelops_gateway_config_reloads_total', 'result="success"'), 20)
  })
}

test('a file with faults changes nothing; every fault is named, and no secret', async () => {
  const served = await serve()
  const cookie = await signedIn(served)
  const line = await served.reload({
    ...served.settings,
    routes: [route('other', { access: 'everybody' })],
    session: { secrets: ['short-secret'] },
  })
  assert.equal(line.event, 'config-refused')
  const faults = line.errors as { path: string; expected: string; got: string }[]
  assert.deepEqual(faults.map(({ path }) => path).sort(), ['routes.0.access', 'session.secrets.0'])
  assert.match(String(line.msg), /routes\.0\.access: expected .*"project".*, got "everybody"/)
  assert.doesNotMatch(served.output, /short-secret/)
  assert.equal((await get(served, '/app/x', cookie)).status, 200)
  assert.equal((await served.reload('routes: [')).event, 'config-refused')
  assert.equal((await get(served, '/app/x', cookie)).status, 200)
  assert.equal(await served.metric('modelops_gateway_config_reloads_total', 'result="failure"'), 2)
  assert.equal((await served.reload(served.settings)).event, 'config-reloaded')
})

test('what needs a restart is refused by name, with everything else in the file', async () => {
  const served = await serve()
  const cookie = await signedIn(served)
  const line = await served.reload({
    ...served.settings,
    server: { ...served.settings.server, listen: '127.0.0.1:1' },
    cookie: { name: 'another' },
    routes: [route('app'), route('extra')],
  })
  assert.equal(line.event, 'config-refused')
  assert.deepEqual(
    (line.errors as { path: string }[]).map(({ path }) => path),
    ['server.listen', 'cookie'],
  )
  assert.equal(await reasonOf(await get(served, '/extra/x', cookie)), 'no-route')
})

test('a secret in a file is read anew: cookies of the former one stay good while it is kept, and end with it', async () => {
  const file = join(directory, 'session-secret')
  await writeFile(file, `${KIT_SECRET}\n`)
  const served = await serve({
    session: { secrets: ['${file:session-secret}', 'a-secret-that-is-always-there-32-bytes'] },
  })
  const cookie = await signedIn(served)
  await writeFile(file, 'the-next-secret-of-the-tests-with-32-bytes\n')
  assert.deepEqual((await served.reload(served.settings)).changed, ['session.secrets'])
  assert.equal(await reasonOf(await get(served, '/app/x', cookie)), 'login-required')
  await writeFile(file, `${KIT_SECRET}\n`)
  await served.reload(served.settings)
  assert.equal((await get(served, '/app/x', cookie)).status, 200)
})

test('an issuer that cannot be asked with the new settings leaves the former ones in force', async () => {
  const served = await serve()
  const cookie = await signedIn(served)
  const nobody = { url: 'http://127.0.0.1:1', audiences: ['a'] }
  const added = { ...served.settings, issuer: { ...served.settings.issuer, additional: [nobody] } }
  assert.deepEqual((await served.reload(added)).changed, ['issuer.additional'])
  await issuer.close()
  const line = await served.reload({ ...served.settings, issuer: { ...served.settings.issuer, timeoutSeconds: 1 } })
  assert.equal(line.event, 'config-refused')
  assert.deepEqual(
    (line.errors as { path: string }[]).map(({ path }) => path),
    ['issuer'],
  )
  assert.equal((await get(served, '/app/x', cookie)).status, 200)
  issuer = await startIssuer()
})

test('a reload cuts no answer that is on its way; a WebSocket stays with its route and ends with it', async () => {
  const served = await serve()
  const cookie = await signedIn(served)
  const reading = (
    await get(served, '/app/events', cookie)
  ).body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
  assert.match(Buffer.from((await reading.read()).value ?? []).toString(), /first/)
  const socket = await openSocket(served, cookie)

  await served.reload({ ...served.settings, routes: [route('app'), route('extra')], limits: { urlBytes: 8192 } })
  socket.send('still here')
  await socket.until((heard) => heard.endsWith('still here'))

  await served.reload({ ...served.settings, routes: [route('extra')] })
  await socket.ended()
  streams.at(-1)?.end('data: last\n\n')
  assert.match(Buffer.from((await reading.read()).value ?? []).toString(), /last/)
  assert.equal((await reading.read()).done, true)
  streams = []
})

test('a WebSocket ends when its route stops passing them on', async () => {
  const served = await serve()
  const socket = await openSocket(served, await signedIn(served))
  await served.reload({ ...served.settings, routes: [route('app', { webSockets: false })] })
  await socket.ended()
})

test('a reload turns proofs of possession on and off, for tokens and for the metadata', async () => {
  const served = await serve()
  const states = [{ dpop: 'accept' }, { dpop: 'off' }]
  const challenge = async () => {
    const response = await fetch(`${served.url}/app/x`, { headers: { authorization: 'DPoP not.a.token' } })
    await response.body?.cancel()
    return response.headers.get('www-authenticate') ?? ''
  }
  assert.doesNotMatch(await challenge(), /DPoP/)
  for (const proofOfPossession of states) {
    await served.reload({ ...served.settings, proofOfPossession })
    const isOn = proofOfPossession.dpop === 'accept'
    // The error is in the challenge of the scheme only if the scheme was understood.
    assert.equal(/DPoP error="invalid_token"/.test(await challenge()), isOn)
    const metadata = await (await fetch(`${served.url}/.well-known/oauth-protected-resource/app`)).json()
    assert.equal('dpop_signing_alg_values_supported' in (metadata as object), isOn)
  }
})

test('a login that was begun before a reload ends after it', async () => {
  const served = await serve()
  const browser = new Browser()
  const form = await browser.open(`${served.url}/`)
  const secrets = ['another-secret-of-the-tests-with-32-bytes', KIT_SECRET]
  await served.reload({
    ...served.settings,
    session: { secrets },
    issuer: { ...served.settings.issuer, timeoutSeconds: 5 },
  })
  const page = await browser.submit(form, { username: 'bob', password: 'bob-pw' })
  assert.equal(page.url.href, `${served.url}/`)
  assert.equal(page.status, 200)
  const cookie = browser.cookieHeader(new URL(served.url))
  assert.equal((await get(served, '/app/x', cookie)).status, 200)
})

test('what is not of a request follows too: idle connections, the log, the administrators’ token', async () => {
  const served = await serve()
  const administer = () => fetch(`${served.adminUrl}/sessions`, { headers: { authorization: 'Bearer a-token' } })
  assert.equal((await administer()).status, 404)
  const adminTokenHash = createHash('sha256').update('a-token').digest('hex')
  await served.reload({
    ...served.settings,
    server: { ...served.settings.server, adminTokenHash },
    limits: { keepAliveSeconds: 7 },
    log: { requests: 'all' },
  })
  assert.equal((await administer()).status, 200)
  const cookie = await signedIn(served)
  const answered = await get(served, '/app/x', cookie)
  assert.equal(answered.headers.get('keep-alive'), 'timeout=7')
  await served.until(() => served.logged('allowed').length === 1)
  // Nothing is said any more of a reload that went well.
  await writeFile(served.file, JSON.stringify({ ...served.settings, log: { level: 'error' } }))
  served.child.kill('SIGHUP')
  while ((await served.metric('modelops_gateway_config_reloads_total', 'result="success"')) < 2);
  assert.equal(served.logged('config-reloaded').length, 1)
  assert.equal((await served.reload('nothing')).event, 'config-refused')
})

test('when one worker cannot follow, none does, and the reload counts as failed', async () => {
  const store = `sqlite:${join(directory, 'together.db')}`
  const list = join(directory, 'projects.yaml')
  const served = await serve({ server: { workers: 2 }, session: { store } })
  const cookie = await signedIn(served)
  const next = {
    ...served.settings,
    projects: { source: 'file', path: list },
    routes: [route('app'), route('extra')],
  }
  const line = await served.reload(next)
  assert.equal(line.event, 'config-refused')
  for (let n = 0; n < 8; n += 1) {
    const closed = { cookie, accept: 'application/json', connection: 'close' }
    assert.equal((await fetch(`${served.url}/extra/x`, { headers: closed, redirect: 'manual' })).status, 404)
  }
  await writeFile(list, '[]')
  assert.equal((await served.reload(next)).event, 'config-reloaded')
  assert.equal((await get(served, '/extra/x', cookie)).status, 200)
})

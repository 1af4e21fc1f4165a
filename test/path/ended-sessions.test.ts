import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, beforeEach, mock, test } from 'node:test'
import type { Browser } from '../browser.ts'
import { signedInBrowser } from '../kit.ts'
import { type PathKit, RawClient, startPath } from './kit.ts'

/** Whatever lasts ends with the session that began it: streams, long polls, downloads, uploads. */

/** Time between two looks of the gateway at what lasts, ms. */
const REAUTHORIZATION_INTERVAL_MS = 15_000

let kit: PathKit
/** What the upstream does with the requests of a test. */
let handle: (request: IncomingMessage, response: ServerResponse) => void
/** Resolves when the upstream sees the exchange of this path end early. */
let left: (path: string) => Promise<void>

before(async () => {
  mock.timers.enable({ apis: ['setInterval'] })
  kit = await startPath((request, response) => handle(request, response), {
    issuer: { accessTokenSeconds: 4000 },
    config: {
      limits: { tokenOverrunSeconds: 1000, bodyIdleSeconds: 3600, bodyBytesPerSecond: 0 },
      session: { idleSeconds: 600, absoluteSeconds: 3600 },
    },
    routes: [
      { name: 'open', app: 'generic', path: '/open', access: 'public' },
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', mlflow: { detectRelease: false } },
    ],
  })
})
after(async () => {
  mock.timers.reset()
  await kit?.close()
})
beforeEach(() => {
  kit.clock.ahead = 0
  const gone = new Map<string, PromiseWithResolvers<void>>()
  const of = (path: string) => {
    const known = gone.get(path) ?? Promise.withResolvers<void>()
    gone.set(path, known)
    return known
  }
  left = (path) => of(path).promise
  handle = (request, response) => {
    const path = request.url ?? ''
    response.once('close', () => response.writableFinished || of(path).resolve())
    request.once('error', () => of(path).resolve()).resume()
    answer(path, response)
  }
})

/** The last part of the path says what comes: a stream, a download that is never done, nothing, or an end. */
function answer(path: string, response: ServerResponse): void {
  if (path.includes('sse')) response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
  else if (path.includes('download')) response.writeHead(200, { 'Content-Length': 1_000_000 }).write('part of it')
  else if (path.includes('short')) response.end('done')
}

interface Person {
  readonly browser: Browser
  readonly who: string
}

async function person(username = 'bob'): Promise<Person> {
  const browser = await signedInBrowser(kit, username)
  const cookie = browser.cookieHeader(new URL(kit.url))
  return { browser, who: `Host: ${new URL(kit.url).host}\r\nCookie: ${cookie}\r\nOrigin: ${kit.url}\r\n` }
}

function send({ who }: Pick<Person, 'who'>, path: string, more = '', method = 'GET'): RawClient {
  const client = new RawClient(kit.gateway.port)
  client.send(`${method} ${path} HTTP/1.1\r\n${who}${more}\r\n`)
  return client
}

async function stream(by: Pick<Person, 'who'>, path: string): Promise<RawClient> {
  const client = send(by, path)
  await client.until((heard) => heard.includes('data: first') || heard.includes('part of it'))
  return client
}

async function signOut({ browser }: Person, path = '/auth/logout'): Promise<void> {
  const headers = { origin: kit.url, 'sec-fetch-site': 'same-origin' }
  const { status } = await browser.fetch(kit.url + path, { method: 'POST', headers })
  assert.equal(status, 200)
}

/** Two re-authorization intervals: a request that is there at the first is authorized again at the second. */
async function look(): Promise<void> {
  for (const _ of [1, 2]) {
    mock.timers.tick(REAUTHORIZATION_INTERVAL_MS)
    await new Promise(setImmediate)
  }
}

test('a stream is cut when its session ends, the upstream hears of it, and other sessions’ streams live on', async () => {
  const [bob, again] = [await person(), await person()]
  const [mine, others] = [await stream(bob, '/app/sse'), await stream(again, '/app/sse-other')]
  await signOut(bob)
  assert.doesNotMatch(await mine.ended(), /\r\n0\r\n\r\n$/)
  await left('/app/sse')
  assert.equal(others.closed, false)
  const line = kit.logged.findLast(({ event }) => event === 'refused')
  assert.deepEqual([line?.reason, line?.path, line?.user], ['login-required', '/app/sse', 'bob'])
  others.socket.destroy()
})

test('signing out everywhere cuts the streams of every session of the person, and nobody else’s', async () => {
  const [bob, again, carol] = [await person(), await person(), await person('carol')]
  const [first, second] = [await stream(bob, '/app/sse'), await stream(again, '/app/sse')]
  const hers = await stream(carol, '/app/sse')
  await signOut(bob, '/auth/logout-everywhere')
  await Promise.all([first.ended(), second.ended()])
  assert.equal(hers.closed, false)
  hers.socket.destroy()
})

test('a download under way is cut off, never ended as if whole', async () => {
  const bob = await person()
  const client = await stream(bob, '/app/download')
  await signOut(bob)
  assert.match(await client.ended(), /part of it$/)
  await left('/app/download')
})

test('an upload under way is left by the gateway and refused with 401', async () => {
  const bob = await person()
  const arrived = once(kit.server, 'request')
  const client = send(bob, '/app/upload', 'Content-Length: 1000000\r\n', 'PUT')
  const [received] = (await arrived) as [IncomingMessage]
  client.socket.write('the first part')
  await once(received, 'data')
  await signOut(bob)
  await left('/app/upload')
  const heard = await client.until((text) => text.includes('login-required'))
  assert.match(heard, /^HTTP\/1\.1 401 [\s\S]*connection: close/i)
  client.socket.destroy()
})

test('a long poll that is not answered yet is refused with 401, a page with the login', async () => {
  const bob = await person()
  const arrived = once(kit.server, 'request')
  const poll = send(bob, '/p/poll')
  await arrived
  const pageArrived = once(kit.server, 'request')
  const page = send(bob, '/app/page', 'Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n')
  await pageArrived
  await signOut(bob)
  assert.match(await poll.until((heard) => heard.includes('"reason"')), /^HTTP\/1\.1 401 [\s\S]*"login-required"/)
  assert.match(
    await page.until((heard) => heard.includes('\r\n\r\n')),
    /^HTTP\/1\.1 302 [\s\S]*location: \S*\/auth\/login/i,
  )
  await Promise.all([left('/p/poll'), left('/app/page')])
  poll.socket.destroy()
  page.socket.destroy()
})

test('on a public route nothing was asked of the session, and nothing ends with it', async () => {
  const bob = await person()
  const client = await stream(bob, '/open/sse')
  await signOut(bob)
  assert.equal(client.closed, false)
  client.socket.destroy()
})

test('a connection whose exchanges are over is not cut', async () => {
  const bob = await person()
  const client = send(bob, '/app/short')
  await client.until((heard) => heard.includes('done'))
  await signOut(bob)
  client.send(`GET /app/short HTTP/1.1\r\n${bob.who}\r\n`)
  await client.until((heard) => /HTTP\/1\.1 401 /.test(heard))
  client.socket.destroy()
})

test('an open stream is a use: it keeps its session from growing idle, and the absolute limit ends both', async () => {
  const bob = await person()
  const client = await stream(bob, '/app/sse')
  for (const seconds of [500, 1000, 1500, 2000, 2500, 3000, 3500]) {
    kit.clock.ahead = seconds * 1000
    await look()
    assert.equal(client.closed, false, `after ${seconds} s`)
  }
  kit.clock.ahead = 3_601_000
  await look()
  await client.ended()
  await left('/app/sse')
})

const machine = async (): Promise<Pick<Person, 'who'>> => {
  const { url } = kit.issuer
  const form = { grant_type: 'client_credentials', client_id: 'ci-service', client_secret: 'ci-service-secret' }
  const response = await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token: token }: { access_token: string } = JSON.parse(await response.text())
  return { who: `Host: ${new URL(kit.url).host}\r\nAuthorization: Bearer ${token}\r\n` }
}

test('what a token began goes on for limits.tokenOverrunSeconds after its expiry, and no longer', async () => {
  const ci = await machine()
  const client = await stream(ci, '/app/download')
  const arrived = once(kit.server, 'request')
  const upload = send(ci, '/app/upload', 'Content-Length: 1000000\r\n', 'PUT')
  const [received] = (await arrived) as [IncomingMessage]
  kit.clock.ahead = 3_500_000
  upload.socket.write('more')
  await once(received, 'data')
  kit.clock.ahead = 4_100_000 // the token was good for 4000 s
  await look()
  const anew = send(ci, '/app/short', 'Connection: close\r\n')
  assert.match(await anew.ended(), /^HTTP\/1\.1 401 [\s\S]*"token-invalid"/)
  assert.deepEqual([client.closed, upload.closed], [false, false])
  kit.clock.ahead = 5_100_000
  await look()
  await client.ended()
  await left('/app/upload')
  assert.match(await upload.until((heard) => heard.includes('"reason"')), /^HTTP\/1\.1 401 [\s\S]*"token-invalid"/)
  upload.socket.destroy()
})

/** What the gateway asks MLflow for before the first request of a project: its workspace and its default experiment. */
const OWN_CALLS = /\/workspaces\/|\/experiments\/(?:get-by-name\?experiment_name=Default|create)$/

test('a request is authorized again when its project took time to be ready', async () => {
  const carol = await person('carol') // nobody has asked for her project yet
  const received: string[] = []
  const ready = Promise.withResolvers<void>()
  handle = async (request, response) => {
    received.push(request.url ?? '')
    await ready.promise
    response.end('{}')
  }
  const admitted = once(kit.server, 'request') // the gateway asks for the workspace
  const client = send(carol, '/mlflow/version')
  await admitted
  await signOut(carol)
  kit.clock.ahead = 2000
  ready.resolve()
  assert.match(await client.until((heard) => heard.includes('"reason"')), /^HTTP\/1\.1 401 [\s\S]*"login-required"/)
  assert.deepEqual(
    received.filter((path) => !OWN_CALLS.test(path)),
    [],
  )
  client.socket.destroy()
})

test('a request is authorized again when its body, which is read completely, took its time', async () => {
  const bob = await person()
  const body = '{"experiment_id":"7"}'
  const received: string[] = []
  handle = (request, response) => void response.end(String(received.push(request.url ?? '')))
  const create = () =>
    send(
      bob,
      '/mlflow/api/2.0/mlflow/runs/create',
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`,
      'POST',
    )
  const admitted = once(kit.server, 'request') // the gateway asks for the workspace
  const slow = create()
  await admitted
  slow.send(body.slice(0, 5))
  await signOut(bob)
  kit.clock.ahead = 2000
  slow.send(body.slice(5))
  assert.match(await slow.until((heard) => heard.includes('"reason"')), /^HTTP\/1\.1 401 [\s\S]*"login-required"/)
  assert.ok(!received.some((path) => path.includes('runs/create')))
  slow.socket.destroy()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { makeCertificate } from '../certificate.ts'
import { type PathKit, startPath } from './kit.ts'

/** Sinks over the network: servers of the test's own that stall, close and come back, and that read what arrives. */

type Event = Record<string, unknown>

/** A syslog server: reads frames with their length before them (RFC 6587 §3.4.1), and messages (RFC 5424 §6). */
class SyslogServer {
  readonly messages: { readonly header: string; readonly event: Event }[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #wake = new Set<() => void>()
  connections = 0
  /** Whether it reads what it gets. */
  reads = true

  constructor(tls?: { key: string; cert: string }) {
    const take = (socket: Socket) => this.#take(socket)
    this.#server = tls ? createTlsServer(tls, take) : createServer(take)
  }

  async listen(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  #take(socket: Socket): void {
    this.connections += 1
    this.#sockets.add(socket)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    if (!this.reads) socket.pause()
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes])
      for (let frame = frameOf(rest); frame; frame = frameOf(rest)) {
        rest = frame.rest
        this.messages.push(messageOf(frame.message))
      }
      for (const wake of this.#wake) wake()
    })
  }

  events(name: string): Event[] {
    return this.messages.map(({ event }) => event).filter(({ event }) => event === name)
  }

  async until(test: () => boolean): Promise<void> {
    while (!test()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wake.delete(wake)
          resolve()
        }
        this.#wake.add(wake)
      })
    }
  }

  /** Reads from all connections again. */
  resume(): void {
    this.reads = true
    for (const socket of this.#sockets) socket.resume()
  }

  /** Cuts every connection, and accepts no other. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function frameOf(bytes: Buffer): { message: string; rest: Buffer } | undefined {
  const space = bytes.indexOf(0x20)
  if (space === -1) return undefined
  const length = bytes.toString('latin1', 0, space)
  assert.match(length, /^[1-9]\d*$/)
  const end = space + 1 + Number(length)
  return bytes.length < end ? undefined : { message: bytes.toString('utf8', space + 1, end), rest: bytes.subarray(end) }
}

const MESSAGE =
  /^(<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [\x21-\x7e]{1,255} [\x21-\x7e]{1,48} \d+ [\x21-\x7e]{1,32} -) (\{.*\})$/s

function messageOf(text: string): { header: string; event: Event } {
  const [, header = '', json = ''] = MESSAGE.exec(text) ?? assert.fail(`no message of RFC 5424: ${text}`)
  return { header, event: JSON.parse(json) }
}

async function start(sink: object, audit: object = {}): Promise<PathKit> {
  const config = { audit: { ...audit, sinks: [sink] } }
  return startPath((_request, response) => void response.end('done'), { config })
}

function send({ url, cookie }: PathKit, method = 'POST', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/p/x?token=SECRET`, {
    method,
    headers: { cookie, origin: url, accept: 'application/json', ...headers },
  })
}

const saidOf =
  ({ logged }: PathKit) =>
  (name: string) =>
    logged.some(({ event }) => event === name)
async function said(kit: PathKit, name: string): Promise<void> {
  while (!saidOf(kit)(name)) await new Promise((resolve) => setTimeout(resolve, 20))
}

const numbersOf = (events: readonly Event[]) =>
  [...new Set(events.map(({ sequence }) => Number(sequence)))].sort((a, b) => a - b)

test('syslog over TCP: RFC 5424 messages, and no client can end one or begin another', async () => {
  const server = new SyslogServer()
  const port = await server.listen()
  const kit = await start({ type: 'syslog', address: `tcp://127.0.0.1:${port}`, facility: 10, appName: 'gw' })
  await send(kit, 'POST', { 'user-agent': 'x <13>1 2026 forged - - - {"event":"login"} \u0085 12 <13>1' })
  await server.until(() => server.events('allowed').length === 1)
  await kit.close()
  const [login] = server.messages.filter(({ event }) => event.event === 'login')
  assert.match(login?.header ?? '', /^<86>1 .+ gw \d+ login -$/)
  const [allowed] = server.events('allowed')
  assert.match(String(allowed?.user_agent), /^x <13>1 2026 forged - - - \{"event":"login"\} \ufffd/)
  assert.equal(server.events('login').length, 1)
  assert.ok(!JSON.stringify(server.messages).includes('SECRET'))
  assert.equal(server.messages.at(-1)?.event.event, 'audit-stopped')
  await server.close()
})

test('syslog over TLS: only a server with a certificate of the configured authority gets events', async () => {
  const [tls, other] = [makeCertificate('127.0.0.1'), makeCertificate('127.0.0.1')]
  const server = new SyslogServer(tls)
  const port = await server.listen()
  const address = `tls://127.0.0.1:${port}`
  const trusting = await start({ type: 'syslog', address, ca: tls.cert })
  await send(trusting)
  await server.until(() => server.events('allowed').length === 1)
  await trusting.close()
  const before = server.messages.length
  for (const ca of [other.cert, undefined]) {
    const wary = await start({ type: 'syslog', address, ...(ca && { ca }) }, { onFailure: 'deny-writes' })
    await said(wary, 'audit-sink-failed')
    assert.equal((await send(wary)).status, 503)
    assert.equal((await send(wary, 'GET')).status, 200)
    await wary.close()
  }
  assert.equal(server.messages.length, before)
  await server.close()
})

test('a syslog server that goes away and comes back gets every event', async () => {
  const first = new SyslogServer()
  const port = await first.listen()
  const kit = await start({ type: 'syslog', address: `tcp://127.0.0.1:${port}`, timeoutSeconds: 1 })
  for (let round = 0; round < 5; round += 1) await send(kit)
  await first.until(() => first.events('allowed').length === 5)
  await first.close()
  for (let round = 0; round < 20; round += 1) assert.equal((await send(kit)).status, 200)
  await said(kit, 'audit-sink-failed')
  const second = new SyslogServer()
  await second.listen(port)
  await second.until(() => numbersOf([...first.events('allowed'), ...second.events('allowed')]).length === 25)
  await said(kit, 'audit-sink-works')
  await kit.close()
  const all = [...first.messages, ...second.messages].map(({ event }) => event)
  const numbers = numbersOf(all)
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, index) => index + 1),
    'no gap',
  )
  assert.ok(!all.some(({ event }) => event === 'events-lost'))
  await second.close()
})

test('a syslog server that reads nothing delays nobody, denies writing, and gets the events once it reads', async () => {
  const server = new SyslogServer()
  server.reads = false
  const port = await server.listen()
  const kit = await start(
    { type: 'syslog', address: `tcp://127.0.0.1:${port}`, timeoutSeconds: 1 },
    { onFailure: 'deny-writes', reads: 'all', queueEvents: 20_000 },
  )
  // The system takes some megabytes before it takes no more.
  let slowest = 0
  while (!saidOf(kit)('audit-sink-failed')) {
    const began = performance.now()
    await Promise.all(Array.from({ length: 50 }, () => send(kit, 'GET', { 'user-agent': 'x'.repeat(120) })))
    slowest = Math.max(slowest, performance.now() - began)
  }
  assert.ok(slowest < 5000, `${slowest} ms for 50 requests`)
  // Each new connection has buffers of its own, which take something for a moment.
  const statuses: number[] = []
  while (!statuses.includes(503)) statuses.push((await send(kit)).status)
  assert.equal((await send(kit, 'GET')).status, 200)
  server.resume()
  while ((await send(kit)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
  await kit.close()
  await server.until(() => server.events('audit-stopped').length > 0)
  const numbers = numbersOf(server.messages.map(({ event }) => event))
  assert.deepEqual([numbers[0], numbers.at(-1)], [1, numbers.length])
  await server.close()
})

/** A collector: reads OTLP/HTTP logs in JSON or protobuf, as the exporter sends them. */
class Collector {
  readonly bodies: { readonly headers: IncomingMessage['headers']; readonly body: Buffer }[] = []
  status = 200
  readonly #server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (this.status === 200) this.bodies.push({ headers: request.headers, body: Buffer.concat(chunks) })
    response.writeHead(this.status, { 'Content-Type': 'application/json' }).end('{}')
    for (const wake of this.#wake.splice(0)) wake()
  })
  #wake: (() => void)[] = []

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/logs`
  }

  records(): Event[] {
    return this.bodies.flatMap(({ body }) => recordsIn(JSON.parse(body.toString())))
  }

  async until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

interface OtlpLogs {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly Event[] }[] }[]
}

const recordsIn = ({ resourceLogs }: OtlpLogs): Event[] =>
  resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => [...logRecords]))
const bodyOf = ({ body }: Event): Event => JSON.parse(String((body as { stringValue: string }).stringValue))
const attributesOf = ({ attributes }: Event): Event =>
  Object.fromEntries(
    (attributes as { key: string; value: Record<string, unknown> }[]).map(({ key, value }) => [
      key,
      Object.values(value)[0],
    ]),
  )

test('OTLP: a collector gets each event once, as a log record with attributes, also after it failed', async () => {
  const collector = new Collector()
  const url = await collector.listen()
  after(() => collector.close())
  const kit = await start({
    type: 'otlp',
    url,
    headers: { authorization: 'Bearer of-the-collector' },
    timeoutSeconds: 1,
  })
  await send(kit)
  const named = (name: string) =>
    collector
      .records()
      .map(bodyOf)
      .filter(({ event }) => event === name)
  await collector.until(() => named('allowed').length === 1)
  collector.status = 400
  for (let round = 0; round < 5; round += 1) assert.equal((await send(kit)).status, 200)
  await said(kit, 'audit-sink-failed')
  collector.status = 200
  await collector.until(() => named('allowed').length === 6)
  await kit.close()
  const events = collector.records().map(bodyOf)
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    Array.from({ length: events.length }, (_, index) => index + 1),
  )
  assert.equal(collector.bodies[0]?.headers.authorization, 'Bearer of-the-collector')
  const record = collector.records().find((each) => bodyOf(each).event === 'allowed') ?? assert.fail('none')
  const attributes = attributesOf(record)
  assert.deepEqual(
    [attributes['audit.user'], attributes['audit.operation'], record.severityText],
    ['bob', 'generic.write', 'INFO'],
  )
  assert.ok(!Buffer.concat(collector.bodies.map(({ body }) => body)).includes('SECRET'))
  assert.ok(!JSON.stringify(kit.logged).includes('of-the-collector'))
})

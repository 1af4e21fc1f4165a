import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { freePort } from '../../infra/parts/ports.ts'

/** Bodies stream: the memory of the gateway's process does not grow with what passes through it. */

const PIECE = Buffer.alloc(1_048_576, 'x')
const PIECES = 256
/** What pieces on their way, and Node's own pools, may take; a quarter of what passes. */
const MAX_GROWTH_MIB = 64

const pieces = () => Readable.from(Array.from({ length: PIECES }, () => PIECE))

async function startUpstream() {
  const server = createServer(async (incoming, response) => {
    let bytes = 0
    for await (const piece of incoming) bytes += (piece as Buffer).length
    if (incoming.method === 'POST') response.end(String(bytes))
    else await pipeline(pieces(), response).catch(() => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function startProcess(upstream: string, directory: string) {
  const port = await freePort()
  const file = join(directory, 'gateway.yaml')
  const url = `http://127.0.0.1:${port}`
  const config = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: url, drainSeconds: 0 },
    issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'not-used-in-this-test' },
    session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'static', list: [] },
    routes: [{ name: 'open', app: 'generic', path: '/open', upstream, access: 'public' }],
  }
  await writeFile(file, JSON.stringify(config))
  const child = spawn(process.execPath, ['src/cli/main.ts', 'serve', '--config', file])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)))
  while (!output.includes('ready at') && child.exitCode === null)
    await Promise.race([once(child.stderr, 'data'), once(child, 'exit')])
  return { child, url }
}

/** One transfer; resolves to the bytes that came back. */
async function transfer(
  url: string,
  method: 'GET' | 'POST',
  onPiece: () => unknown,
): Promise<{ size: number; text: string }> {
  const asked = request(url, { method, headers: { connection: 'close' } })
  const answered = once(asked, 'response')
  if (method === 'POST') {
    await pipeline(async function* () {
      for (let i = 0; i < PIECES; i += 1) {
        await onPiece()
        yield PIECE
      }
    }, asked)
  } else asked.end()
  const [answer] = await answered
  let [size, text] = [0, '']
  for await (const piece of answer) {
    size += piece.length
    if (method === 'POST') text += piece
    else if (size % 32 === 0) await onPiece()
  }
  return { size, text }
}

test('256 MiB down and up leave the process as small as it was', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'memory-'))
  const { server, url: upstream } = await startUpstream()
  const { child, url } = await startProcess(upstream, directory)
  t.after(async () => {
    child.kill('SIGTERM')
    server.closeAllConnections()
    server.close()
    await rm(directory, { recursive: true })
  })
  const resident = async () =>
    Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  // The first of each kind loads code and fills pools.
  await transfer(`${url}/open/a`, 'GET', () => {})
  await transfer(`${url}/open/a`, 'POST', () => {})
  const before = await resident()
  let most = before
  const look = async () => {
    most = Math.max(most, await resident())
  }
  const down = await transfer(`${url}/open/a`, 'GET', look)
  const up = await transfer(`${url}/open/a`, 'POST', look)
  await look()
  assert.equal(down.size, PIECES * PIECE.length)
  assert.equal(up.text, String(PIECES * PIECE.length))
  t.diagnostic(`${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`)
  assert.ok(most - before < MAX_GROWTH_MIB, `${before.toFixed(0)} MiB grew to ${most.toFixed(0)} MiB`)
})

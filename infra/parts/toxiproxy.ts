import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const VERSION = 'v2.12.0'

/** Builds toxiproxy once. Resolves to the path of the program. @throws PartMissing */
export async function ensureToxiproxy(progress: Progress = toStderr): Promise<string> {
  const folder = partsDirectory('toxiproxy')
  const program = join(folder, 'server')
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock('toxiproxy', progress, async () => {
    progress('building toxiproxy (once)')
    const env = { GOBIN: folder }
    const { ok, tail } = await run('go', ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@${VERSION}`], { env })
    if (!ok)
      throw new PartMissing(`toxiproxy could not be built. It needs Go and access to the Go module proxy.\n${tail}`)
    return program
  })
}

/** A TCP proxy that can delay or drop traffic. */
export interface Toxiproxy {
  readonly port: number
  /** Delay per round trip in milliseconds. 0: none. */
  delay(ms: number): Promise<void>
  /** Drops every byte, like a network partition: neither side notices that the other is gone. */
  partition(on: boolean): Promise<void>
  close(): Promise<void>
}

export async function startToxiproxy(upstreamPort: number): Promise<Toxiproxy> {
  const program = await ensureToxiproxy()
  const [api, port] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'modelops-toxiproxy-'))
  const background: Background = await startBackground({
    name: 'toxiproxy',
    command: program,
    args: ['-host', '127.0.0.1', '-port', String(api)],
    logFile: join(folder, 'toxiproxy.log'),
    readyUrl: `http://127.0.0.1:${api}/version`,
    readySeconds: 20,
  })
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${api}${path}`, { method, body: JSON.stringify(body) })
    if (!response.ok && response.status !== 404) throw new Error(`toxiproxy: ${method} ${path}: ${response.status}`)
  }
  await call('POST', '/proxies', {
    name: 'it',
    listen: `127.0.0.1:${port}`,
    upstream: `127.0.0.1:${upstreamPort}`,
    enabled: true,
  })
  const toxic = async (name: string, type: string, attributes: object | undefined) => {
    for (const stream of ['upstream', 'downstream']) {
      await call('DELETE', `/proxies/it/toxics/${name}-${stream}`)
      if (attributes) await call('POST', '/proxies/it/toxics', { name: `${name}-${stream}`, type, stream, attributes })
    }
  }
  return {
    port,
    delay: (ms) => toxic('slow', 'latency', ms === 0 ? undefined : { latency: ms / 2 }),
    partition: (on) => toxic('cut', 'timeout', on ? { timeout: 0 } : undefined),
    async close() {
      await background.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

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

/** Builds toxiproxy once; resolves to its program. @throws PartMissing */
export async function ensureToxiproxy(progress: Progress = toStderr): Promise<string> {
  const folder = partsDirectory('toxiproxy')
  const program = join(folder, 'server')
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock('toxiproxy', progress, async () => {
    progress('building toxiproxy (once)')
    const env = { GOBIN: folder }
    const { ok, tail } = await run('go', ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@${VERSION}`], { env })
    if (!ok) throw new PartMissing(`toxiproxy could not be built; it needs Go and its module proxy.\n${tail}`)
    return program
  })
}

/** A TCP connection that can be made slow, or cut. */
export interface Toxiproxy {
  readonly port: number
  /** Milliseconds of delay in each direction; 0: none. */
  delay(ms: number): Promise<void>
  /** Swallows every byte, as a partition does: nobody is told that the other side is gone. */
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
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${api}${path}`, { method, body: JSON.stringify(body) })
    if (!answer.ok && answer.status !== 404) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status}`)
  }
  await ask('POST', '/proxies', {
    name: 'it',
    listen: `127.0.0.1:${port}`,
    upstream: `127.0.0.1:${upstreamPort}`,
    enabled: true,
  })
  const toxic = async (name: string, type: string, attributes: object | undefined) => {
    for (const stream of ['upstream', 'downstream']) {
      await ask('DELETE', `/proxies/it/toxics/${name}-${stream}`)
      if (attributes) await ask('POST', '/proxies/it/toxics', { name: `${name}-${stream}`, type, stream, attributes })
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

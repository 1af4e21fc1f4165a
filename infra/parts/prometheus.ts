import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { hasCommand } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { type RunResult, run } from './run.ts'

/** Paths of the programs. */
export interface PrometheusPrograms {
  readonly prometheus: string
  readonly promtool: string
}

/**
 * Unpacks Debian's package `prometheus` once. It is not installed, so that its service is never started and no user is
 * created. @throws PartMissing
 */
export async function ensurePrometheus(progress: Progress = toStderr): Promise<PrometheusPrograms> {
  const folder = partsDirectory('prometheus')
  const programs = { prometheus: join(folder, 'usr/bin/prometheus'), promtool: join(folder, 'usr/bin/promtool') }
  const isThere = () => existsSync(programs.prometheus) && existsSync(programs.promtool)
  if (isThere()) return programs
  if (hasCommand('prometheus') && hasCommand('promtool')) return { prometheus: 'prometheus', promtool: 'promtool' }
  if (!hasCommand('apt-get')) {
    throw new PartMissing('Missing on this machine: prometheus and promtool. Put both programs into the PATH.')
  }
  // The lock of Debian packages: apt cannot update its lists twice at the same time.
  return await withLock('debian', progress, async () => {
    if (!isThere()) await unpack(folder, progress)
    return programs
  })
}

async function unpack(folder: string, progress: Progress): Promise<void> {
  progress('unpacking the Debian package prometheus (once)')
  await run('apt-get', ['update', '-q']) // without root the existing lists are used
  mustSucceed(await run('apt-get', ['download', '-q', 'prometheus'], { cwd: folder }))
  const file = readdirSync(folder).find((name) => name.endsWith('.deb'))
  if (file === undefined) throw new PartMissing('apt-get downloaded no package prometheus')
  mustSucceed(await run('dpkg-deb', ['-x', file, '.'], { cwd: folder }))
  rmSync(join(folder, file))
}

function mustSucceed({ ok, tail }: RunResult): void {
  if (!ok) throw new PartMissing(`The Debian package prometheus could not be unpacked.\n${tail}`)
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string
  close(): Promise<void>
}

/** @param files Files of its folder by name, `prometheus.yml` among them */
export async function startPrometheus(files: Readonly<Record<string, string>>): Promise<Prometheus> {
  const { prometheus } = await ensurePrometheus()
  const folder = mkdtempSync(join(tmpdir(), 'modelops-prometheus-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const background: Background = await startBackground({
    name: 'Prometheus',
    command: prometheus,
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    logFile: join(folder, 'prometheus.log'),
    readyUrl: `${url}/-/ready`,
    readySeconds: 30,
  })
  return {
    url,
    async close() {
      await background.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

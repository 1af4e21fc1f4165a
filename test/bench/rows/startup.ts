import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GATEWAY_CLIENT } from '../../../infra/issuer/clients.ts'
import { packCommandLine } from '../../../infra/package/command-line.ts'
import { checkout } from '../../../infra/parts/directories.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { must } from '../../../infra/parts/run-or-throw.ts'
import { SECRET } from '../subjects.ts'
import type { Ground } from './stage.ts'

/** Longest start that is waited for, in ms. */
const LONGEST_MS = 30_000

interface Start {
  /** From the start of the process to the first 200 of `/readyz`. */
  readonly readyMs: number
  /** Resident memory three seconds later, in MiB. */
  readonly residentMiB: number
}

/** What an installation takes: time until ready, memory after the start, size and number of packages. */
export async function startup({ report, issuer, rounds }: Ground): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'startup-'))
  try {
    await packCommandLine({ output: folder, clients: [], progress: () => {} })
    const [tarball = ''] = readdirSync(folder)
    const home = join(folder, 'home')
    const options = ['--prefix', home, '--offline', '--no-audit', '--no-fund', '--silent']
    await must('npm', ['install', ...options, join(folder, tarball)], { cwd: folder })
    const installed = join(home, 'node_modules', 'modelops-gateway')
    const entries = {
      'from sources': join(checkout, 'src', 'cli', 'main.ts'),
      'the installed package': join(installed, 'bin', 'modelops-gateway.cjs'),
    }
    report.heading('Start and size')
    const rows: string[][] = []
    for (const [name, entry] of Object.entries(entries)) {
      const starts: Start[] = []
      for (let i = 0; i < rounds; i += 1) starts.push(await startOnce(entry, issuer.url, folder))
      const ready = starts.map(({ readyMs }) => readyMs).sort((one, other) => one - other)
      const resident = Math.max(...starts.map(({ residentMiB }) => residentMiB))
      const [fastest = 0, slowest = 0] = [ready[0], ready.at(-1)]
      const median = ready[Math.floor(ready.length / 2)] ?? 0
      rows.push([name, `${median.toFixed(0)} (${fastest.toFixed(0)} to ${slowest.toFixed(0)})`, resident.toFixed(0)])
    }
    report.table(['started', 'ready after, ms: median (spread)', 'resident memory 3 s later, MiB, highest'], rows)
    const packages = readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.')).length
    report.say(
      `Tarball: ${(statSync(join(folder, tarball)).size / 2 ** 20).toFixed(1)} MiB. Installed packages: ${packages}.`,
    )
    report.say()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startOnce(entry: string, issuerUrl: string, folder: string): Promise<Start> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const config = join(folder, 'gateway.yaml')
  const settings = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: url, drainSeconds: 0 },
    issuer: { url: issuerUrl, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret },
    session: { secrets: [SECRET] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:5000', access: 'project' }],
  }
  writeFileSync(config, JSON.stringify(settings))
  // The cache of compiled modules that this project's scripts use is not there on a server.
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  const began = performance.now()
  const args = ['--disable-warning=ExperimentalWarning', entry, 'serve', '--config', config]
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' })
  try {
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`${entry} ended with ${child.exitCode} before it was ready`)
      if (performance.now() - began > LONGEST_MS) throw new Error(`${entry} is not ready after ${LONGEST_MS} ms`)
      await sleep(5)
    }
    const readyMs = performance.now() - began
    await sleep(3000)
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return { readyMs, residentMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 }
  } finally {
    child.kill('SIGKILL')
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

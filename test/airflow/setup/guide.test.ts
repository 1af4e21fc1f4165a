import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { checkout } from '../../../infra/parts/directories.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { findPython } from '../../../infra/parts/python.ts'
import { startGateway } from '../../kit.ts'
import { machineToken } from '../people.ts'
import { readGuide } from './guide.ts'

/**
 * The guide, followed literally: a new virtual environment, the configuration that it writes, the commands that it shows.
 * Only addresses and folders differ, and the token of a person comes from a command that this test provides.
 */
test('the guide alone leads from nothing to a task that succeeded', { timeout: 900_000 }, async (context) => {
  const { route, script, shownConfiguration } = readGuide()
  const dir = mkdtempSync(join(tmpdir(), 'airflow-guide-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const airflowPort = String(await freePort())
  const here = (text: string) =>
    text.replaceAll('https://o.example', url).replaceAll('/srv/', `${dir}/srv/`).replaceAll('8080', airflowPort)
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url] })
  const gateway = await startGateway({
    port,
    host: 'localhost',
    issuerUrl: issuer.url,
    upstream: `http://127.0.0.1:${airflowPort}`,
    routes: [JSON.parse(here(JSON.stringify(route)))],
  })
  try {
    const bin = join(dir, 'bin')
    mkdirSync(join(dir, 'srv', 'airflow'), { recursive: true })
    mkdirSync(bin)
    const python = execFileSync(findPython(), ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    const token = await machineToken({ issuer: issuer.url })
    writeFileSync(join(bin, 'modelops-gateway'), `#!/bin/sh\nprintf %s '${token}'\n`, { mode: 0o755 })
    writeFileSync(join(bin, 'python3'), `#!/bin/sh\nexec ${python} "$@"\n`, { mode: 0o755 })
    // Two ports that every Airflow on a machine would share.
    const elsewhere = {
      AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(await freePort()),
      AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT: String(await freePort()),
    }
    const started = Date.now()
    const { code, output } = await runScript(here(script), { PATH: `${bin}:${process.env.PATH}`, ...elsewhere })
    assert.equal(code, 0, output.slice(-6000))
    context.diagnostic(`from nothing to a green task: ${Math.round((Date.now() - started) / 1000)} s`)
    const states = output.split('\n').filter((line) => line.startsWith('{"'))
    assert.equal(states.at(-1), '{"state": "success"}', output.slice(-2000))
    const written = readFileSync(join(dir, 'srv', 'airflow', 'airflow.cfg'), 'utf8')
    assert.equal(withoutSecrets(written).trim(), here(shownConfiguration).trim())
  } finally {
    await gateway.close()
    await issuer.close()
    rmSync(dir, { recursive: true, force: true })
  }
})

const withoutSecrets = (text: string) => text.replaceAll(/^(fernet_key|secret_key|jwt_secret) = .+$/gm, '$1 = (random)')

/** Runs a script and ends everything that it started in the background. */
async function runScript(script: string, env: Record<string, string>): Promise<{ code: number; output: string }> {
  const child = spawn('bash', ['-euc', script], { cwd: checkout, env: { ...process.env, ...env }, detached: true })
  const chunks: string[] = []
  child.stdout.on('data', (chunk) => chunks.push(String(chunk)))
  child.stderr.on('data', (chunk) => chunks.push(String(chunk)))
  const code = await new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? 1)))
  await endGroup(child.pid)
  return { code, output: chunks.join('') }
}

async function endGroup(pid: number | undefined): Promise<void> {
  for (let tries = 0; tries < 100 && pid !== undefined; tries += 1) {
    try {
      process.kill(-pid, tries < 50 ? 'SIGTERM' : 'SIGKILL')
    } catch {
      return // nothing is left of it
    }
    await sleep(200)
  }
}

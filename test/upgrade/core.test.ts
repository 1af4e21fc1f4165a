import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { startPostgres } from '../../infra/parts/postgres.ts'
import { run } from '../../infra/parts/run.ts'
import { ensurePreviousRelease } from '../../infra/release/previous-release.ts'
import { clientToken } from '../core/world.ts'

/** Projects and connections that one version of the core API writes, read and decrypted by the other, in both directions. */
const CURRENT = join(checkout, 'src', 'cli', 'main.ts')
const PROJECTS = '/api/projects'
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning']

const storages = {
  async sqlite(folder: string) {
    return { url: `sqlite:${join(folder, 'core.db')}`, close: async () => undefined }
  },
  async PostgreSQL() {
    const postgres = await startPostgres()
    return { url: await postgres.createDatabase('upgrade'), close: () => postgres.close() }
  },
}

for (const [name, open] of Object.entries(storages)) {
  test(`connections in ${name} are readable after an upgrade, and after the way back`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'upgrade-core-'))
    const [{ url, close }, issuer, previous] = [await open(folder), await startIssuer(), await ensurePreviousRelease()]
    const core = new CoreAt(folder, url, issuer.url, await freePort())
    try {
      await core.start(previous.program)
      await core.create(PROJECTS, { id: ALPHA, name: 'alpha', groups: ['project-alpha'] })
      await core.connect('made by the previous release')
      await core.stop()

      await core.start(CURRENT)
      assert.deepEqual(await core.names(), ['made by the previous release'])
      await core.connect('made by this version')
      await core.stop()
      assert.equal(await core.rotate(CURRENT, 'second-token-0123456789abcdef', 'first-token-0123456789abcdef'), 2)

      await core.start(previous.program)
      assert.deepEqual(await core.names(), ['made by the previous release', 'made by this version'])
      await core.stop()
      assert.equal(
        await core.rotate(previous.program, 'third-token-0123456789abcdef', 'second-token-0123456789abcdef'),
        2,
      )
    } finally {
      await core.stop()
      await Promise.all([close(), issuer.close()])
      rmSync(folder, { recursive: true })
    }
  })
}

class CoreAt {
  readonly #folder: string
  readonly #settings: Record<string, unknown>
  readonly #issuerUrl: string
  readonly #url: string
  #running: Background | undefined

  constructor(folder: string, storageUrl: string, issuerUrl: string, port: number) {
    this.#folder = folder
    this.#issuerUrl = issuerUrl
    this.#url = `http://127.0.0.1:${port}`
    this.#settings = {
      server: { listen: `127.0.0.1:${port}`, drainSeconds: 1 },
      issuer: { url: issuerUrl, audiences: ['gateway'] },
      access: { adminGroup: 'modelops-admins', adminClients: [CI_CLIENT.id] },
      storage: { url: storageUrl },
      encryption: { token: 'first-token-0123456789abcdef' },
    }
  }

  async start(program: string): Promise<void> {
    this.#running = await startBackground({
      name: 'core API',
      command: process.execPath,
      args: [...NODE_OPTIONS, program, 'core', '--config', this.#write(this.#settings)],
      logFile: join(this.#folder, 'core.log'),
      readyUrl: `${this.#url}/readyz`,
      readySeconds: 60,
    })
  }

  async stop(): Promise<void> {
    const stopping = this.#running
    this.#running = undefined
    if (stopping === undefined) return
    process.kill(stopping.pid, 'SIGTERM')
    await stopping.stopped
    await stopping.close()
  }

  /** Decrypts and encrypts every connection with this version. Resolves to how many there were. */
  async rotate(program: string, token: string, previousToken: string): Promise<number> {
    this.#settings.encryption = { token, previousTokens: [previousToken] }
    const file = this.#write(this.#settings)
    const { ok, tail } = await run(process.execPath, [
      ...NODE_OPTIONS,
      program,
      'core',
      'rotate-token',
      '--config',
      file,
    ])
    assert.ok(ok, tail)
    return Number(/^(\d+) connections re-encrypted\. /m.exec(tail)?.[1])
  }

  async names(): Promise<string[]> {
    const page = (await this.#send('GET', '/api/datasetConnections')) as {
      _embedded: Record<string, { name: string }[]>
    }
    return Object.values(page._embedded).flatMap((connections) => connections.map(({ name }) => name))
  }

  connect(name: string): Promise<unknown> {
    return this.create('/api/datasetConnections', {
      name,
      metadata: { host: 'vantage.example', log_mech: 'TD2', database: 'db' },
      credentials: { username: 'td-user', password: 'td-password' },
      personal: false,
    })
  }

  create = (path: string, body: object) => this.#send('POST', path, body)

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const token = await clientToken(`${this.#issuerUrl}/token`, CI_CLIENT.id, CI_CLIENT.secret)
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(path !== PROJECTS && { 'aoa-project-id': ALPHA }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  #write(settings: object): string {
    const file = join(this.#folder, 'core.yaml')
    writeFileSync(file, JSON.stringify(settings))
    return file
  }
}

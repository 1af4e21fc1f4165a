import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { CI_CLIENT, CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureModelopsClient } from '../../infra/parts/modelops-client.ts'
import { Browser } from '../browser.ts'
import { signIn } from '../kit.ts'
import { ENCRYPTION_TOKEN, startWorld, type World } from './world.ts'

const SECRETS = { SECRET_USERNAME: 'needle-user-Ω', SECRET_PASSWORD: 'needle-\'"`$\\ päß\n🔐-word' }

describe('the published ModelOps client, unchanged, through the gateway', () => {
  let world: World
  let python: string
  before(async () => {
    python = await ensureModelopsClient()
    world = await startWorld()
  })
  after(() => world.close())

  const start = (role: 'member' | 'service', who: string, env: Record<string, string>): ChildProcess =>
    spawn(python, [join(import.meta.dirname, 'client_session.py'), role], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: mkdtempSync(join(world.folder, 'home-')),
        PYTHONUNBUFFERED: '1',
        // The issuer of the tests is on loopback.
        OAUTHLIB_INSECURE_TRANSPORT: '1',
        VMO_URL: `${world.gatewayUrl}/core`,
        WHO: who,
        ...SECRETS,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  /** The object in the last line of the session. */
  async function resultOf(child: ChildProcess, onLine: (line: string) => void = () => undefined) {
    const lines: string[] = []
    let errors = ''
    child.stderr?.on('data', (chunk) => {
      errors += chunk
    })
    if (child.stdout)
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line)
        onLine(line)
      }
    const last = lines.at(-1) ?? ''
    assert.ok(last.startsWith('{'), `${lines.join('\n')}\n${errors}`)
    return JSON.parse(last) as Record<string, unknown> & { ids: { shared: string; own: string } }
  }

  const service = () => ({
    VMO_API_AUTH_MODE: 'client_credentials',
    VMO_API_AUTH_CLIENT_ID: CI_CLIENT.id,
    VMO_API_AUTH_CLIENT_SECRET: CI_CLIENT.secret,
    VMO_API_AUTH_TOKEN_URL: world.tokenUrl,
  })
  const device = () => ({
    VMO_API_AUTH_MODE: 'device_code',
    VMO_API_AUTH_CLIENT_ID: CLI_CLIENT.id,
    VMO_API_AUTH_TOKEN_URL: world.tokenUrl,
    VMO_API_AUTH_DEVICE_AUTH_URL: `${world.issuer.url}/device/auth`,
  })

  const checkMember = (result: Record<string, unknown>, who: string, others: string[]) => {
    const { connection, names, ids: _ids, ...rest } = result
    assert.deepEqual(rest, {
      projects: ['alpha'],
      current: 'alpha',
      archived: false,
      foreign: null,
      found: ['alpha'],
      'may create projects': 'admin-only',
      paged: [(names as string[])[0]],
      validated: true,
      taken: 'name-taken',
      unknown: null,
      'default is own': true,
    })
    assert.deepEqual((names as string[]).sort(), [`own of ${who}`, `shared by ${who}`, ...others].sort())
    const { name, metadata, credentials, personal } = connection as Record<string, unknown>
    assert.deepEqual([name, personal, credentials], [`shared by ${who}`, false, { credsEncrypted: true }])
    assert.deepEqual(metadata, {
      host: 'vantage.example',
      log_mech: 'TDNEGO',
      database: 'db',
      valDb: 'VAL',
      byomDb: 'MLDB',
    })
  }

  test('with a device code: projects, connections, the default connection', async () => {
    const child = start('member', 'bob', device())
    const result = await resultOf(child, (line) => {
      const url = /(http\S+user_code=\S+)/.exec(line)?.[1]
      if (url !== undefined) void approve(url, 'bob')
    })
    checkMember(result, 'bob', [])
  })

  test('with a bearer token from the device flow', async () => {
    const token = await deviceToken('dave')
    const result = await resultOf(
      start('member', 'dave', { VMO_API_AUTH_MODE: 'bearer', VMO_API_AUTH_BEARER_TOKEN: token }),
    )
    // The only difference: Dave is in both projects.
    const { projects, foreign, ...rest } = result
    assert.deepEqual(projects, ['alpha', 'beta'])
    assert.equal((foreign as { name: string }).name, 'beta')
    checkMember({ ...rest, projects: ['alpha'], foreign: null }, 'dave', ['shared by bob'])

    await test('the client’s own decryptor reads what the core API encrypted', async () => {
      const url = `${world.core.url}/api/datasetConnections/${result.ids.own}/job?user=dave`
      const headers = { authorization: `Bearer ${await world.serviceToken()}`, 'aoa-project-id': ALPHA }
      const job = (await (await fetch(url, { headers })).json()) as { credentials: Record<string, string> }
      assert.deepEqual(await decrypted(job.credentials), {
        username: SECRETS.SECRET_USERNAME,
        password: SECRETS.SECRET_PASSWORD,
      })
    })
  })

  test('with client credentials: the service user creates, changes and archives a project', async () => {
    assert.deepEqual(await resultOf(start('service', 'ci', service())), {
      description: 'changed by the client',
      archived: [true, ['made by the client'], false],
      projects: ['alpha', 'beta', 'made by the client'],
    })
  })

  test('its first request, before sign-in, succeeds', async () => {
    const response = await fetch(`${world.gatewayUrl}/core/admin/info`)
    assert.deepEqual([response.status, await response.json()], [200, { app: { name: 'modelops-core', api: '1' } }])
  })

  test('no log of the gateway or the core API contains the credentials', () => {
    const logged = world.logged()
    assert.ok(logged.includes('connection-created'))
    for (const needle of ['needle-user', 'needle-', '-word']) assert.ok(!logged.includes(needle), needle)
  })

  async function approve(url: string, username: string): Promise<void> {
    const browser = new Browser()
    let page = await signIn(browser, url, username)
    for (let step = 0; step < 3 && page.text.includes('<form'); step++) {
      page = page.url.pathname.startsWith('/interaction/')
        ? await browser.submit(page, { username, password: `${username}-pw` })
        : await browser.submit(page)
    }
  }

  async function deviceToken(username: string): Promise<string> {
    const post = async (path: string, fields: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: CLI_CLIENT.id, ...fields })
      return (await (await fetch(`${world.issuer.url}${path}`, { method: 'POST', body })).json()) as Record<
        string,
        string
      >
    }
    const asked = await post('/device/auth', { scope: 'openid profile' })
    await approve(asked.verification_uri_complete ?? '', username)
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    return (await post('/token', { grant_type, device_code: asked.device_code ?? '' })).access_token ?? ''
  }

  async function decrypted(encrypted: Record<string, string>): Promise<unknown> {
    const script =
      'import sys, json\nfrom tmo.crypto.crypto import aes_gcm_decrypt\nencrypted, token = json.load(sys.stdin)\n' +
      'print(json.dumps({k: aes_gcm_decrypt(encrypted[k], token) for k in ("username", "password")}))'
    const child = spawn(python, ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'], env: { HOME: world.folder } })
    child.stdin.end(JSON.stringify([encrypted, ENCRYPTION_TOKEN]))
    let text = ''
    for await (const chunk of child.stdout) text += chunk
    return JSON.parse(text)
  }
})

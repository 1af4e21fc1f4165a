import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { bundledProgram } from '../cli/bundled.ts'
import { signedInBrowser } from '../kit.ts'
import { ENCRYPTION_TOKEN, startWorld, type World } from './world.ts'

const [node = '', ...program] = await bundledProgram()
const PASSWORD = `needle it's \`\\"$HOME\r\nπ🔐`

/** The command as CI runs it, as a process. */
describe('job-env', () => {
  let world: World
  let shared: string
  let personal: string
  before(async () => {
    world = await startWorld()
    const token = await world.serviceToken()
    const create = async (name: string, isPersonal: boolean) => {
      const response = await fetch(`${world.core.url}/api/datasetConnections`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'aoa-project-id': ALPHA, 'content-type': 'application/json' },
        body: JSON.stringify({
          name,
          metadata: { host: 'vantage.example', log_mech: 'TD2', database: 'db' },
          credentials: { username: 'td-user', password: PASSWORD },
          personal: isPersonal,
        }),
      })
      return ((await response.json()) as { id: string }).id
    }
    shared = await create('shared', false)
    personal = await create('personal', true)
    await visit('alice', ALPHA)
    await visit('alice', BETA)
    await visit('bob', ALPHA)
  })
  after(() => world.close())

  /** A request of this user in the project, after which jobs may run for the user. */
  async function visit(username: string, project: string): Promise<void> {
    const browser = await signedInBrowser({ url: world.gatewayUrl }, username)
    const headers = { 'aoa-project-id': project }
    const response = await browser.fetch(`${world.gatewayUrl}/core/api/datasetConnections`, { headers })
    assert.equal(response.status, 200)
  }

  const out = () => join(world.folder, 'job.env')
  async function jobEnv(options: Record<string, string | true>, env: Record<string, string> = {}) {
    const given: Record<string, string | true> = {
      project: ALPHA,
      connection: shared,
      user: 'alice',
      out: out(),
      ...options,
    }
    const args = Object.entries(given).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [`--${name}`, value],
    )
    const child = spawn(node, [...program, 'job-env', ...args], {
      env: {
        VMO_URL: `${world.gatewayUrl}/core`,
        VMO_API_AUTH_CLIENT_ID: CI_CLIENT.id,
        VMO_API_AUTH_CLIENT_SECRET: CI_CLIENT.secret,
        VMO_API_AUTH_TOKEN_URL: world.tokenUrl,
        AOA_CONN_ENCRYPTION_TOKEN: ENCRYPTION_TOKEN,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
    const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)))
    return { code, printed }
  }

  test('writes what sh reads back byte for byte, readable by this user only, without the encryption token', async () => {
    assert.deepEqual(await jobEnv({}), { code: 0, printed: '' })
    assert.equal(statSync(out()).mode & 0o777, 0o600)
    const script =
      'set -a; . "$1"; printf "%s|%s|%s|%s|%s." "$VMO_CONN_HOST" "$VMO_CONN_USERNAME" "$VMO_CONN_LOG_MECH" "$AOA_CONN_DATABASE" "$VMO_CONN_PASSWORD"; printenv AOA_CONN_PASSWORD'
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', out()], { env: { PATH: process.env.PATH } })
    assert.equal(stdout.toString(), `vantage.example|td-user|TD2|db|${PASSWORD}.${PASSWORD}\n`)
    const text = readFileSync(out(), 'utf8')
    assert.ok(!text.includes(ENCRYPTION_TOKEN) && !/ENCRYPTION/.test(text))
  })

  test('--delete overwrites and deletes the file, and succeeds if it does not exist', async () => {
    assert.equal((await jobEnv({ delete: true })).code, 0)
    assert.equal(existsSync(out()), false)
    assert.equal((await jobEnv({ delete: true })).code, 0)
  })

  test('--kubernetes writes a Secret with the same values', async () => {
    assert.equal((await jobEnv({ kubernetes: true })).code, 0)
    const { kind, data } = parse(readFileSync(out(), 'utf8'))
    assert.equal(kind, 'Secret')
    assert.equal(Buffer.from(data.VMO_CONN_PASSWORD, 'base64').toString(), PASSWORD)
    await jobEnv({ delete: true })
  })

  const failures: [string, Record<string, string>, Record<string, string>, RegExp][] = [
    ['a personal connection for another’s job', { user: 'bob', connection: 'personal' }, {}, /404 not-found/],
    ['a connection of another project', { project: BETA }, {}, /404 not-found/],
    ['an unknown project', { project: '99999999-9999-4999-8999-999999999999' }, {}, /403 not-in-project/],
    ['something that is not a UUID', { project: 'alpha' }, {}, /--project: expected a UUID/],
    ['another encryption token', {}, { AOA_CONN_ENCRYPTION_TOKEN: 'another-token' }, /another encryption token/],
    ['an encryption token with a space', {}, { AOA_CONN_ENCRYPTION_TOKEN: 'two words' }, /without spaces/],
    ['no encryption token', {}, { AOA_CONN_ENCRYPTION_TOKEN: '' }, /AOA_CONN_ENCRYPTION_TOKEN: expected a value/],
    [
      'a wrong client secret',
      {},
      { VMO_API_AUTH_CLIENT_SECRET: 'needle-wrong' },
      /did not issue a token for the service user/,
    ],
    [
      'a client that is not a service user',
      {},
      { VMO_API_AUTH_CLIENT_ID: 'gateway', VMO_API_AUTH_CLIENT_SECRET: 'gateway-secret' },
      /403 /,
    ],
    ['a core that is down', {}, { VMO_URL: 'http://127.0.0.1:1' }, /is not reachable/],
    ['a core API by plain http', {}, { VMO_URL: 'http://core.example' }, /^VMO_URL: expected https/],
    ['a core API by another protocol', {}, { VMO_URL: 'ftp://127.0.0.1/' }, /^VMO_URL: expected https/],
    ['a core API with a password in its URL', {}, { VMO_URL: 'https://u:needle@core.example' }, /^VMO_URL: expected/],
    ['a token endpoint by plain http', {}, { VMO_API_AUTH_TOKEN_URL: 'http://sso.example/token' }, /expected https/],
  ]
  for (const [what, options, env, message] of failures)
    test(`fails for ${what}, with one line, and writes nothing`, async () => {
      const named = options.connection === 'personal' ? { ...options, connection: personal } : options
      const { code, printed } = await jobEnv(named, env)
      assert.equal(code, 1, printed)
      assert.match(printed, message)
      assert.equal(printed.trim().split('\n').length, 1, printed)
      assert.ok(!printed.includes('needle') && !printed.includes('two words'))
      assert.equal(existsSync(out()), false)
    })

  test('a personal connection is available to a job of its owner', async () => {
    const owner = `service-account-${CI_CLIENT.id}`
    assert.deepEqual(await jobEnv({ connection: personal, user: owner }), { code: 0, printed: '' })
    await jobEnv({ delete: true })
  })

  test('during a rotation the previous token is used', async () => {
    const env = { AOA_CONN_ENCRYPTION_TOKEN: 'new-token', AOA_CONN_ENCRYPTION_TOKEN_PREVIOUS: ENCRYPTION_TOKEN }
    assert.deepEqual(await jobEnv({}, env), { code: 0, printed: '' })
    await jobEnv({ delete: true })
  })

  test('while the core API is down the gateway keeps its projects, and recovers by itself', async () => {
    await world.stopCore()
    const headers = { authorization: `Bearer ${await world.serviceToken()}`, 'aoa-project-id': ALPHA }
    const ask = () => fetch(`${world.gatewayUrl}/core/api/datasetConnections`, { headers })
    const down = await ask()
    assert.deepEqual([down.status, ((await down.json()) as { reason: string }).reason], [502, 'upstream-down'])
    await world.restartCore()
    assert.equal((await ask()).status, 200)
  })

  test('neither log contains the password', () => {
    assert.ok(world.logged().includes('job-connection-read'))
    assert.ok(!world.logged().includes('needle'))
  })
})

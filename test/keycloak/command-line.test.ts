import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { CI_CLIENT, CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { keycloakImport } from '../../src/cli/migrate/keycloak.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser } from '../browser.ts'
import { CommandLine } from '../cli/command-line.ts'
import { startGateway } from '../kit.ts'
import { type Realm, startRealm } from './realm.ts'

/** Users with a terminal, machines and migrated users, with a real Keycloak as the issuer. */
let keycloak: Realm
let gateway: RunningServer
let url: string
let home: string
let cli: CommandLine

before(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  keycloak = await startRealm({ gatewayUrl: url })
  gateway = await startGateway({
    port,
    issuerUrl: keycloak.url,
    upstream: 'http://127.0.0.1:9',
    config: { issuer: { cliClientId: CLI_CLIENT.id } },
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  await keycloak?.close()
})
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'home-'))
  cli = new CommandLine(home)
})
afterEach(() => {
  cli.kill()
  rmSync(home, { recursive: true })
})

async function whoAmI(token: string): Promise<{ username: string; projects: unknown[] }> {
  const response = await fetch(`${url}/auth/session`, { headers: { authorization: `Bearer ${token.trim()}` } })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

async function tokenFor(realm: string, form: Record<string, string>): Promise<string> {
  const address = `${keycloak.origin}/realms/${realm}/protocol/openid-connect/token`
  const response = await fetch(address, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token: token }: { access_token: string } = JSON.parse(await response.text())
  return token
}

test('bob signs in with a device code; the gateway accepts his token; after the logout the refresh token is revoked', async () => {
  const { address, ended } = cli.start('login', '--gateway', url)
  const browser = new Browser()
  const consent = await browser.submit(await browser.open(await address), { username: 'bob', password: 'bob-pw' })
  await browser.submit(consent, { accept: 'Yes' })
  const { code, stderr } = await ended
  assert.equal(code, 0, stderr)
  const { username, projects } = await whoAmI((await cli.run('token')).stdout)
  assert.equal(username, 'bob')
  assert.deepEqual(projects, [{ id: ALPHA, name: 'alpha', role: 'editor' }])

  const file = join(home, 'modelops-gateway', 'tokens.json')
  const expired = readFileSync(file, 'utf8').replace(/"expires_at": \d+/, '"expires_at": 1')
  writeFileSync(file, expired)
  assert.equal((await cli.run('token')).code, 0, 'refreshed')
  const kept = readFileSync(file, 'utf8')
  assert.equal((await cli.run('logout')).code, 0)
  writeFileSync(file, kept.replace(/"expires_at": \d+/, '"expires_at": 1'))
  assert.match((await cli.run('token')).stderr, /has ended/)
})

test('carol signs in with the browser on the same machine', async () => {
  const { address, ended } = cli.start('login', '--gateway', url, '--browser', '--no-open')
  const browser = new Browser()
  const done = await browser.submit(await browser.open(await address), { username: 'carol', password: 'carol-pw' })
  assert.match(done.text, /You are signed in/)
  assert.match((await ended).stderr, /as carol\.\n$/)
  assert.equal((await whoAmI((await cli.run('token')).stdout)).username, 'carol')
})

test('ci-service is a member of its project by client credentials', async () => {
  const { id: client_id, secret: client_secret } = CI_CLIENT
  const token = await tokenFor(keycloak.name, { grant_type: 'client_credentials', client_id, client_secret })
  assert.deepEqual((await whoAmI(token)).projects, [{ id: ALPHA, name: 'alpha', role: 'editor' }])
})

test('the output of migrate is imported: users in their groups, without passwords, existing users unchanged', async () => {
  const project = { id: ALPHA, name: 'wa', groups: ['project-wa'], viewerGroups: ['project-wa-viewers'] }
  const groups = new Map([
    ['frank', ['project-wa']],
    ['grace', ['project-wa-viewers', 'modelops-admins']],
    ['bob', ['project-wa']],
  ])
  const plan = { adminGroup: 'modelops-admins', projects: [project], groups, placements: [], undecided: [] }
  const admin = await tokenFor('master', {
    ...{ grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' },
  })
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }
    const response = await fetch(keycloak.adminUrl + path, { ...init, headers })
    const text = await response.text()
    assert.ok(response.ok, `${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
  const outcome = await call('/partialImport', { method: 'POST', body: JSON.stringify(keycloakImport(plan)) })
  // bob and the admin group existed before.
  assert.deepEqual([outcome.added, outcome.skipped], [4, 2])
  const groupsOf = async (username: string) => {
    const [{ id }] = await call(`/users?exact=true&username=${username}`)
    const own: { name: string }[] = await call(`/users/${id}/groups`)
    return own.map(({ name }) => name).sort()
  }
  assert.deepEqual(await groupsOf('frank'), ['project-wa'])
  assert.deepEqual(await groupsOf('grace'), ['modelops-admins', 'project-wa-viewers'])
  assert.deepEqual(await groupsOf('bob'), ['project-alpha'])
})

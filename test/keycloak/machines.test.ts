import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { KeycloakAdmin } from './admin.ts'
import { type Realm, startRealm } from './realm.ts'

/** Tokens of a real Keycloak, for a gateway with the service users `ci-service` and `cli`. */
let keycloak: Realm
let upstream: Recorder
let gateway: RunningServer
let url: string
const logged: Record<string, unknown>[] = []

before(async () => {
  const port = await freePort()
  url = `http://localhost:${port}`
  ;[keycloak, upstream] = await Promise.all([startRealm({ gatewayUrl: url }), startRecorder()])
  gateway = await startGateway({
    port,
    issuerUrl: keycloak.url,
    upstream: upstream.url,
    host: 'localhost',
    logged,
    config: { access: { serviceUsers: ['ci-service', 'cli'] } },
    routes: [{ name: 'notes', app: 'generic', path: '/notes', access: 'project', basicCredentials: true }],
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  await upstream?.close()
  await keycloak?.close()
})
beforeEach(() => {
  logged.length = 0
})

interface TokenResponse {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
}

async function grant(form: Record<string, string>): Promise<TokenResponse> {
  const endpoint = `${keycloak.url}/protocol/openid-connect/token`
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) })
  assert.equal(response.status, 200)
  return JSON.parse(await response.text())
}

const CI = { client_id: 'ci-service', client_secret: 'ci-service-secret' }
const machine = () => grant({ grant_type: 'client_credentials', ...CI })
const person = (username: string, scope = 'openid') =>
  grant({ grant_type: 'password', client_id: 'cli', scope, username, password: `${username}-pw` })
const basic = (secret: string) => `Basic ${btoa(`${CI.client_id}:${secret}`)}`

/** Status and reason of a request to a project, and what was logged. */
async function enter(authorization: string, project = ALPHA) {
  const response = await fetch(`${url}/notes/x`, { headers: { authorization, 'AOA-Project-ID': project } })
  const { reason } = JSON.parse(await response.text())
  const line = logged.findLast(({ event }) => event === 'allowed' || event === 'refused')
  return { status: response.status, reason, kind: line?.kind, role: line?.role }
}

test('a user’s token reaches the user’s project and no other, also after a refresh or for offline use', async () => {
  const first = await person('bob')
  const next = await grant({ grant_type: 'refresh_token', client_id: 'cli', refresh_token: first.refresh_token })
  const offline = await person('bob', 'openid offline_access')
  for (const { access_token: token } of [first, next, offline]) {
    assert.equal((await enter(`Bearer ${token}`)).status, 200)
    const { reason, kind } = await enter(`Bearer ${token}`, BETA)
    assert.deepEqual([reason, kind], ['not-in-project', 'person'])
  }
})

test('a client-credentials token of a service user is an administrator, as a bearer token and with Basic', async () => {
  for (const authorization of [`Bearer ${(await machine()).access_token}`, basic(CI.client_secret)]) {
    const { status, kind, role } = await enter(authorization, BETA)
    assert.deepEqual([status, kind, role], [200, 'machine', 'admin'])
    assert.deepEqual(upstream.lastValues('AOA-Project-ID'), [BETA])
  }
})

test('a person registered as a client’s service account stays a person', async () => {
  const admin = new KeycloakAdmin(keycloak)
  await admin.signIn()
  await admin.addUser('service-account-cli', [], ['project-alpha'])
  // Keycloak rejects the names of existing accounts.
  await assert.rejects(admin.addUser('service-account-ci-service', [], []), /409/)
  for (const scope of ['openid', 'openid offline_access']) {
    const { access_token: token } = await person('service-account-cli', scope)
    const { reason, kind } = await enter(`Bearer ${token}`, BETA)
    assert.deepEqual([reason, kind], ['not-in-project', 'person'])
  }
})

test('ID tokens, refresh tokens and offline tokens are not access tokens', async () => {
  const [online, offline] = [await person('bob'), await person('bob', 'openid offline_access')]
  for (const token of [online.id_token, online.refresh_token, offline.refresh_token]) {
    assert.deepEqual((await enter(`Bearer ${token}`)).reason, 'token-invalid')
  }
})

test('a wrong secret is a 401, and the secret is not in the log', async () => {
  const { status, reason } = await enter(basic('wr0ng-s3cret'))
  assert.deepEqual([status, reason], [401, 'token-invalid'])
  assert.ok(!JSON.stringify(logged).includes('wr0ng-s3cret'))
})

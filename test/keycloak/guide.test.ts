import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { parse } from 'yaml'
import { KEYCLOAK_STARTS, type Keycloak } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { Browser } from '../browser.ts'
import { startGateway } from '../kit.ts'
import { guideCommands, guideYaml, local, runKcadm } from './guide.ts'
import { keycloakOfTier } from './realm.ts'

/** The commands, the realm file and the configuration of the guide, on a Keycloak that knows nothing of them. */
let keycloak: Pick<Keycloak, 'origin' | 'bin' | 'close'>
let url: string
let port: number
let folder: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guide-'))
  port = await freePort()
  url = `http://localhost:${port}`
  keycloak = await keycloakOfTier()
}, KEYCLOAK_STARTS)
after(async () => {
  await keycloak?.close()
  rmSync(folder, { recursive: true, force: true })
})

const here = (text: string) => local(text, keycloak, url)

interface Sections {
  readonly [name: string]: Record<string, unknown>
}

/** The guide's own configuration, for a realm of any name. */
function sections(realm: string, clientSecret: string): Sections {
  const config = parse(here(guideYaml()).replace('/realms/modelops', `/realms/${realm}`)) as Sections
  return { ...config, issuer: { ...config.issuer, clientSecret, audiences: ['gateway'] } }
}

interface Session {
  readonly username: string
  readonly groups: readonly string[]
  readonly projects: readonly { readonly name: string }[]
}

/** Runs the gateway with the guide's configuration while `use` runs. */
async function withGateway(realm: string, clientSecret: string, use: () => Promise<void>): Promise<void> {
  const config = sections(realm, clientSecret)
  const issuerUrl = `${keycloak.origin}/realms/${realm}`
  const gateway = await startGateway({ port, issuerUrl, upstream: 'http://127.0.0.1:9', host: 'localhost', config })
  try {
    await use()
  } finally {
    await gateway.close()
  }
}

async function signInBob(): Promise<Session> {
  const browser = new Browser()
  await browser.submit(await browser.open(`${url}/`), { username: 'bob', password: 'bob-pw' })
  return JSON.parse(await (await browser.fetch(`${url}/auth/session`)).text())
}

async function sessionOfToken(token: string): Promise<Session> {
  const response = await fetch(`${url}/auth/session`, { headers: { authorization: `Bearer ${token}` } })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

async function clientCredentials(realm: string, id: string, secret: string): Promise<string> {
  const endpoint = `${keycloak.origin}/realms/${realm}/protocol/openid-connect/token`
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
  const response = await fetch(endpoint, { method: 'POST', body })
  return (JSON.parse(await response.text()) as { access_token: string }).access_token
}

const isAlpha = ({ projects }: Session) =>
  assert.deepEqual(
    projects.map(({ name }) => name),
    ['alpha'],
  )

// Each command of the guide starts a Java program.
test('with the commands of the guide, bob and the service user reach project alpha', { timeout: 300_000 }, async () => {
  const serviceSecret =
    'kcadm.sh get clients/$training/client-secret -r modelops --fields value --format csv --noquotes > training-secret'
  await runKcadm(keycloak, folder, `${here(guideCommands(2, 7))}\n${serviceSecret}`)
  const secretFile = join(folder, 'client-secret')
  assert.equal(statSync(secretFile).mode & 0o077, 0)
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim()
  await withGateway('modelops', read('client-secret'), async () => {
    const bob = await signInBob()
    assert.equal(bob.username, 'bob')
    isAlpha(bob)
    const token = await clientCredentials('modelops', 'training-alpha', read('training-secret'))
    assert.deepEqual(decodeJwt(token).aud, ['gateway', 'account'])
    isAlpha(await sessionOfToken(token))
  })
})

test('with the realm file, bob reaches project alpha', async () => {
  const realm = 'from-file'
  const file = readFileSync('config/keycloak-realm.json', 'utf8')
  writeFileSync(join(folder, 'keycloak-realm.json'), here(file).replace('"realm": "modelops"', `"realm": "${realm}"`))
  const login = here(guideCommands(2, 3)).split('\n')[0] ?? ''
  const user = guideCommands(5, 6).replaceAll('-r modelops', `-r ${realm}`)
  await runKcadm(keycloak, folder, `${login}\nkcadm.sh create realms -f keycloak-realm.json\n${user}`)
  await withGateway(realm, 'change-this-secret', async () => isAlpha(await signInBob()))
})

test('the clients of the realm file can be imported into an existing realm', async () => {
  const { realm: _, enabled: __, ...rest } = JSON.parse(readFileSync('config/keycloak-realm.json', 'utf8'))
  writeFileSync(join(folder, 'partial.json'), here(JSON.stringify({ ...rest, ifResourceExists: 'SKIP' })))
  await runKcadm(
    keycloak,
    folder,
    'kcadm.sh create realms -s realm=existing -s enabled=true\nkcadm.sh create partialImport -r existing -f partial.json',
  )
})

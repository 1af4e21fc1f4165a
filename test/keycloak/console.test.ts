import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser, type Page } from '../browser.ts'
import { startGateway } from '../kit.ts'
import { type Realm, startRealm } from './realm.ts'

/** The administration console with a real Keycloak, which must authenticate again and say when it did. */
let keycloak: Realm
let gateway: RunningServer
let url: string

before(async () => {
  const port = await freePort()
  url = `http://localhost:${port}`
  keycloak = await startRealm({ gatewayUrl: url })
  gateway = await startGateway({
    ...{ port, host: 'localhost', issuerUrl: keycloak.url, upstream: 'http://127.0.0.1:1' },
    config: { console: { maxSignInAgeSeconds: 60 }, issuer: { clockSkewSeconds: 0 } },
  })
}, KEYCLOAK_STARTS)
after(async () => {
  await gateway?.close()
  await keycloak?.close()
})

const isKeycloaks = ({ url: { origin } }: Page) => origin === new URL(keycloak.url).origin

test('Keycloak says when it authenticated an administrator, and the console opens', async () => {
  const browser = new Browser()
  const form = await browser.open(`${url}/auth/admin/sessions`)
  assert.ok(isKeycloaks(form), form.url.href)
  const page = await browser.submit(form, { username: 'alice', password: 'alice-pw', credentialId: '' })
  assert.deepEqual([page.status, page.url.href], [200, `${url}/auth/admin/sessions`], page.text.slice(0, 500))
  assert.match(page.text, /alice/)
})

test('a session at Keycloak that is too old is asked for the password again', async () => {
  const browser = new Browser()
  const first = await browser.open(`${url}/`)
  const home = await browser.submit(first, { username: 'alice', password: 'alice-pw', credentialId: '' })
  assert.equal(home.url.href, `${url}/`)
  const opened = await browser.open(`${url}/auth/admin`)
  assert.equal(opened.status, 200, 'signed in a moment ago: nothing is asked')
  // The real time passes at Keycloak: its own clock cannot be moved.
  await new Promise((resolve) => setTimeout(resolve, 62_000))
  const again = await browser.open(`${url}/auth/admin/denials?hours=1`)
  assert.ok(isKeycloaks(again), again.url.href)
  assert.match(again.text, /name="password"/)
  const page = await browser.submit(again, { username: 'alice', password: 'alice-pw', credentialId: '' })
  assert.equal(page.url.href, `${url}/auth/admin/denials?hours=1`)
})

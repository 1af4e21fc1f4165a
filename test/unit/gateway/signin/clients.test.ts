import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ClientPackage, loadClientPackage } from '../../../../src/gateway/signin/client-package.ts'
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'
import { type Browser, PUBLIC, startLoginKit } from './kit.ts'

const FILE = 'modelops_gateway_mlflow-1.2.3-py3-none-any.whl'
const CONTENT = Buffer.from('PK, as far as this test is concerned')
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')
let fake: FakeIssuer
let folder: string
let wheel: ClientPackage | undefined

before(async () => {
  fake = await startFakeIssuer()
  folder = mkdtempSync(join(tmpdir(), 'clients-'))
  writeFileSync(join(folder, 'built'), 'not a wheel')
  writeFileSync(join(folder, FILE), CONTENT)
  wheel = loadClientPackage(folder)
})
after(async () => {
  await fake.close()
  rmSync(folder, { recursive: true })
})

const withPackage = (issuer: Record<string, string> = { cliClientId: 'cli' }): Browser =>
  startLoginKit(fake, { issuer }, { clientPackage: wheel }).browser()
const withoutPackage = (): Browser => startLoginKit(fake).browser()

test('anybody gets the page with the line that installs the package, and it is not cached', async () => {
  const { status, text, headers } = await withPackage().open('/auth/clients/')
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(headers['cache-control'], 'no-store')
  assert.ok(text.includes(`pip install ${PUBLIC}/auth/clients/${FILE}`))
  assert.ok(text.includes(SHA256))
  assert.ok(text.includes(`export MLFLOW_TRACKING_URI=${PUBLIC}/mlflow\n`))
  assert.ok(text.includes(`python -m modelops_gateway_mlflow login ${PUBLIC}`))
})

test('the page shows no sign-in at a terminal where the gateway offers none', async () => {
  const { text } = await withPackage({}).open('/auth/clients/')
  assert.ok(!text.includes('modelops_gateway_mlflow login'))
  assert.ok(text.includes('MODELOPS_CLIENT_ID'))
})

test('the page is the same for whoever is signed in, and names no project', async () => {
  const browser = withPackage()
  const before = (await browser.open('/auth/clients/')).text
  await browser.login(fake)
  const { text } = await browser.open('/auth/clients/')
  assert.equal(text, before)
  for (const word of ['alice', 'alpha', '11111111-']) assert.ok(!text.includes(word), word)
})

test('without the slash it leads to the page', async () => {
  const { status, headers } = await withPackage().open('/auth/clients')
  assert.deepEqual([status, headers.location], [308, '/auth/clients/'])
})

test('the wheel comes byte for byte, may be cached for ever, and opens no session', async () => {
  const response = await withPackage().open(`/auth/clients/${FILE}`, { accept: '*/*' })
  assert.equal(response.status, 200)
  assert.ok(CONTENT.equals(response.body))
  const { headers } = response
  assert.equal(headers['content-type'], 'application/octet-stream')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(headers.etag, `"${SHA256}"`)
  assert.equal(headers['content-length'], String(CONTENT.length))
  assert.equal(headers['set-cookie'], undefined)
})

for (const file of [
  'modelops_gateway_mlflow-0.0.9-py3-none-any.whl',
  `x/${FILE}`,
  `${FILE}/`,
  `${FILE}.asc`,
  'built',
]) {
  test(`${file} does not exist, and the response names the current file`, async () => {
    const { status, text } = await withPackage().open(`/auth/clients/${file}`, { accept: 'application/json' })
    assert.equal(status, 404)
    assert.ok(text.includes('"reason":"no-route"') && text.includes(`${PUBLIC}/auth/clients/${FILE}`), text)
  })
}

test('nothing is posted to the package', async () => {
  for (const path of ['/auth/clients/', `/auth/clients/${FILE}`, '/auth/clients/other']) {
    const { status } = await withPackage().post(path)
    assert.equal(status, 405, path)
  }
})

test('a gateway that was built without the package says so', async () => {
  const { status, text } = await withoutPackage().open('/auth/clients/')
  assert.equal(status, 404)
  assert.match(text, /This gateway has no Python package/)
  const wheelless = await withoutPackage().open(`/auth/clients/${FILE}`, { accept: 'application/json' })
  assert.equal(wheelless.status, 404)
  assert.match(wheelless.text, /built without the Python package/)
})

test('a folder that does not exist or has no wheel is no package', () => {
  assert.equal(loadClientPackage(join(folder, 'none')), undefined)
  const empty = mkdtempSync(join(tmpdir(), 'clients-'))
  writeFileSync(join(empty, 'built'), '')
  assert.equal(loadClientPackage(empty), undefined)
  rmSync(empty, { recursive: true })
})

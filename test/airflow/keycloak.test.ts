import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { countIssuerPages, fillLoginForm, openChromium, PAGE_MS, picture } from './chromium.ts'
import { startWorld, type World } from './kit.ts'
import { dagsIn, machineToken } from './people.ts'

/** Keycloak and Airflow take their time on a busy machine. */
const START = { timeout: 400_000 }

let world: World
before(async () => {
  world = await startWorld({ login: 'fab', runs: false, issuer: 'keycloak' })
}, START)
after(() => world?.close())

test('one login at Keycloak opens Airflow and FAB’s own pages', async () => {
  const browser = await openChromium()
  try {
    const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage()
    page.setDefaultTimeout(PAGE_MS)
    const pages = countIssuerPages(page, world.issuer)
    await page.goto(`${world.url}/airflow/dags`)
    await fillLoginForm(page, 'alice')
    await page.getByText('alpha_daily').first().waitFor()
    await page.goto(`${world.url}/airflow/auth/users/list/`)
    await page.getByText('List Users').first().waitFor()
    assert.equal(pages(), 1)
    await picture(page, 'keycloak-alice-users')
  } finally {
    await browser.close()
  }
})

const dagsWith = async (url: string, token: string) => {
  const answer = await fetch(`${url}/airflow/api/v2/dags`, { headers: { authorization: `Bearer ${token}` } })
  return { status: answer.status, ...dagsIn({ json: (await answer.json()) as Record<string, unknown> }) }
}

test('Keycloak’s token of a machine opens the API through the gateway', async () => {
  assert.equal((await dagsWith(world.url, await machineToken(world))).total, 3)
})

test('behind the gateway Keycloak’s token must be exchanged first', async () => {
  const token = await machineToken(world)
  assert.equal((await dagsWith(world.airflow.url, token)).status, 403)
  const exchanged = await fetch(`${world.airflow.url}/airflow/auth/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(exchanged.status, 201)
  const { access_token } = (await exchanged.json()) as { access_token: string }
  assert.equal((await dagsWith(world.airflow.url, access_token)).total, 3)
  assert.equal((await dagsWith(world.url, access_token)).status, 401)
})

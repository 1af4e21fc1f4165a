import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { countIssuerPages, fillLoginForm, openChromium, PAGE_MS, picture } from './chromium.ts'
import { startWorld, type World } from './kit.ts'
import { dagsIn, machineToken, signIn } from './people.ts'

const OF_ALPHA = ['alpha_daily', 'alpha_worker', 'log_to_mlflow']
const ALL = [...OF_ALPHA, 'beta_daily'].sort()

/** A real Airflow takes its time on a busy machine. */
const START = { timeout: 300_000 }

let world: World
before(async () => {
  world = await startWorld({ login: 'fab', runs: false })
}, START)
after(() => world?.close())

test('one login opens Airflow, and its own pages after a login at the issuer that nobody sees', async () => {
  const browser = await openChromium()
  try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
    const page = await context.newPage()
    page.setDefaultTimeout(PAGE_MS)
    const forms = countIssuerPages(page, world.issuer)
    await page.goto(`${world.url}/airflow/dags`)
    await fillLoginForm(page, 'alice')
    await page.getByText('alpha_daily').first().waitFor()
    await picture(page, 'fab-alice-dags')
    await page.goto(`${world.url}/airflow/auth/users/list/`)
    await page.getByText('List Users').first().waitFor()
    await picture(page, 'fab-alice-users')
    assert.equal(forms(), 1)
    const cookies = (await context.cookies(`${world.url}/airflow/`)).map(({ name, path }) => `${name} ${path}`)
    assert.ok(cookies.includes('session /airflow/'), cookies.join(', '))
    await page.goto(`${world.url}/auth/logout`)
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${world.url}/auth/signed-out`)
    assert.deepEqual(
      (await context.cookies(`${world.url}/airflow/`)).filter(({ name }) => ['session', '_token'].includes(name)),
      [],
    )
  } finally {
    await browser.close()
  }
})

test('roles follow the groups of the gateway’s session', async () => {
  for (const [name, config, dags] of [
    ['alice', 200, ALL],
    ['bob', 403, OF_ALPHA],
    ['carol', 403, ['beta_daily']],
    ['erin', 403, []],
  ] as const) {
    const person = await signIn(world, name)
    assert.deepEqual(dagsIn(await person.call('/airflow/ui/dags')).ids, dags, name)
    assert.equal((await person.call('/airflow/api/v2/connections')).status, config, name)
  }
})

test('a member triggers and deletes nothing of another project', async () => {
  const bob = await signIn(world, 'bob')
  assert.equal((await bob.call('/airflow/api/v2/dags/beta_daily')).status, 403)
  assert.equal((await bob.call('/airflow/api/v2/dags/beta_daily/dagRuns', 'POST', { logical_date: null })).status, 403)
  assert.equal((await bob.call('/airflow/api/v2/dags/beta_daily', 'DELETE')).status, 403)
  assert.equal((await bob.call('/airflow/api/v2/dags/alpha_daily/dagRuns', 'POST', { logical_date: null })).status, 200)
})

test('a bearer token of the issuer opens the API', async () => {
  const headers = { authorization: `Bearer ${await machineToken(world)}` }
  const answer = await fetch(`${world.url}/airflow/api/v2/dags`, { headers })
  assert.deepEqual(dagsIn({ json: (await answer.json()) as Record<string, unknown> }).ids, OF_ALPHA)
})

test('local passwords and Airflow’s own tokens are closed, at the gateway and behind it', async () => {
  await world.airflow.command(
    'users',
    'create',
    ...['-u', 'local', '-p', 'local-pw', '-r', 'Admin', '-e', 'l@x'],
    ...['-f', 'l', '-l', 'l'],
  )
  const post = (url: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'local', password: 'local-pw' }),
    })
  const bob = await signIn(world, 'bob')
  for (const path of ['/auth/token', '/auth/token/cli', '/ui/auth/token']) {
    assert.equal((await bob.call(`/airflow${path}`, 'POST', {})).status, 403, path)
  }
  assert.equal((await post(`${world.airflow.url}/airflow/auth/token`)).status, 400)
})

/** Airflow's own login in this browser, as FAB's pages do it. */
async function openFabPages(person: Awaited<ReturnType<typeof signIn>>) {
  const page = await person.browser.open(`${world.url}/airflow/auth/login/?next=${encodeURIComponent('/airflow/')}`)
  assert.equal(page.status, 200)
}

test('Airflow’s cookies outlive neither the logout nor a change of user', async () => {
  const bob = await signIn(world, 'bob')
  await openFabPages(bob)
  const airflowAddress = new URL(`${world.url}/airflow/`)
  const old = bob.browser.cookieHeader(airflowAddress)
  assert.match(old, /\bsession=/)
  assert.equal((await bob.call('/auth/logout', 'POST', {})).status, 200)
  assert.doesNotMatch(bob.browser.cookieHeader(airflowAddress), /\b(session|_token)=/)
  for (const path of ['/ui/auth/me', '/api/v2/dags', '/auth/', '/auth/users/userinfo/', '/']) {
    const answer = await fetch(`${world.url}/airflow${path}`, { headers: { cookie: old }, redirect: 'manual' })
    assert.equal(answer.status, 401, path)
  }
  const carol = await signIn(world, 'carol')
  const airflowCookies = old.split('; ').filter((pair) => /^(session|_token)=/.test(pair))
  const cookie = [carol.browser.cookieHeader(airflowAddress), ...airflowCookies].join('; ')
  const me = await fetch(`${world.url}/airflow/ui/auth/me`, { headers: { cookie } })
  assert.equal(((await me.json()) as { username: string }).username, 'carol')
})

test('the API of workers is not there for anybody', async () => {
  const alice = await signIn(world, 'alice')
  assert.equal((await alice.call('/airflow/execution/task-instances/1/run', 'PATCH', {})).status, 404)
})

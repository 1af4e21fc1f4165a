import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { freePort } from '../../infra/parts/ports.ts'
import { httpRequest } from '../../src/shared/http-request.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** An application that does not respond: people read its name and can try again, programs get JSON, operators the errno. */

let kit: Kit
let cookie: string

before(async () => {
  const upstream = `http://127.0.0.1:${await freePort()}`
  kit = await startKit({
    routes: [
      { name: 'tracking', app: 'generic', title: 'Run $& Tracking', path: '/tracking', access: 'login', upstream },
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'member', upstream },
    ],
  })
  cookie = (await signedInBrowser(kit, 'bob')).cookieHeader(new URL(kit.url))
})
after(() => kit.close())

/** Not by `fetch`, which sets `Sec-Fetch-Mode` itself. */
const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  httpRequest(kit.url + path, { method, headers: { cookie, ...headers }, timeoutMs: 5000 })

test('a page says that the application does not respond, by its name, and offers to try again', async () => {
  const response = await ask('/tracking/a?b=%22', { accept: 'text/html', 'sec-fetch-mode': 'navigate' })
  assert.deepEqual([response.status, response.headers['retry-after']], [502, '5'])
  const page = response.text
  assert.ok(page.includes('<h1 id="what">Run $&amp; Tracking does not respond.</h1>'), page)
  assert.ok(page.includes('<a class="button" id="retry" href="/tracking/a?b=%22">Try again</a>'), page)
  assert.ok(!page.includes('not ready'))
})

test('an application without a title has the name that everybody knows', async () => {
  const page = (await ask('/airflow/', { accept: 'text/html' })).text
  assert.ok(page.includes('Airflow does not respond.'), page)
})

test('a program gets the same as JSON, and nothing to click', async () => {
  const response = await ask('/tracking/api', { accept: 'application/json' })
  assert.deepEqual([response.status, response.headers['retry-after']], [502, '5'])
  const { reason, title } = JSON.parse(response.text)
  assert.equal(reason, 'upstream-down')
  assert.match(title, /^Run \$& Tracking does not respond\. /)
})

test('a form is not offered again as a link', async () => {
  const origin = kit.url
  const response = await ask('/tracking/form', { accept: 'text/html', 'sec-fetch-mode': 'navigate', origin }, 'POST')
  const page = response.text
  assert.equal(response.status, 502)
  assert.ok(page.includes('does not respond') && !page.includes('Try again</a>'), page)
})

test('the log has the code of the error', async () => {
  kit.logged.length = 0
  await ask('/tracking/logged', { accept: 'application/json' })
  const lines = kit.logged.filter(({ event }) => event === 'refused')
  assert.equal(lines.length, 1)
  assert.match(JSON.stringify(lines), /ECONNREFUSED/)
  assert.doesNotMatch(JSON.stringify(lines), /redacted/)
})

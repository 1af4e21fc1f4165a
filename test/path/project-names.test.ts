import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { Browser, Send } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'
import { withoutWhatIsNew } from './comparable.ts'

/** A member of one project learns neither the name nor the groups of another, and not whether it exists. */
const NAME = 'needle-name'
const GROUP = 'needle-group'
const UNKNOWN = '99999999-9999-4999-8999-999999999999'

let kit: Kit
let bob: Browser
let adminUrl = ''
before(async () => {
  const adminPort = await freePort()
  adminUrl = `http://127.0.0.1:${adminPort}`
  kit = await startKit({
    config: {
      server: { adminListen: `127.0.0.1:${adminPort}`, trustedProxies: ['127.0.0.1/32'] },
      log: { level: 'debug', requests: 'all' },
      projects: {
        source: 'static',
        list: [
          { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
          { id: BETA, name: NAME, groups: [GROUP], viewerGroups: [`${GROUP}-viewers`] },
        ] as never,
      },
    },
    routes: [
      { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
      { name: 'lobby', app: 'generic', path: '/lobby', access: 'member' },
      { name: 'tracking', app: 'mlflow', path: '/tracking', access: 'project' },
      { name: 'flows', app: 'airflow', path: '/flows', access: 'member' },
      { name: 'core', app: 'core', path: '/core', access: 'member' },
    ],
  })
  bob = await signedInBrowser(kit, 'bob')
})
after(() => kit.close())

const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const select = (project: string, type: 'form' | 'json'): [string, Send] => [
  '/auth/project',
  {
    method: 'POST',
    headers: {
      origin: kit.url,
      'sec-fetch-site': 'same-origin',
      'content-type': type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
    },
    body: type === 'form' ? `project=${project}&return_to=/` : JSON.stringify({ project }),
  },
]
const verify = (uri: string): [string, Send] => [
  '/auth/verify',
  { headers: { 'x-forwarded-method': 'GET', 'x-forwarded-uri': uri, 'x-forwarded-host': new URL(kit.url).host } },
]

/** Every way to name a project, for each ID that bob is not a member of. */
const ways: [string, (id: string) => [string, Send]][] = [
  ['selects it by a form', (id) => select(id, 'form')],
  ['selects it by JSON', (id) => select(id, 'json')],
  [
    'opens the chooser on the way to it',
    (id) => [`/auth/project?return_to=/notes/?projectId=${id}`, { headers: PAGE }],
  ],
  ['opens a page with it', (id) => [`/notes/?projectId=${id}`, { headers: PAGE }]],
  ['names it in the query', (id) => [`/notes/?projectId=${id}`, {}]],
  ['names it in a header', (id) => ['/notes/', { headers: { 'AOA-Project-ID': id } }]],
  ['names it in the former header', (id) => ['/lobby/', { headers: { 'VMO-Project-ID': id } }]],
  ['names it as a workspace', (id) => ['/tracking/api/2.0/mlflow/x', { headers: { 'X-MLFLOW-WORKSPACE': id } }]],
  ['names it in the path', (id) => [`/tracking/${id}/`, { headers: PAGE }]],
  ['names it to Airflow', (id) => ['/flows/api/v2/dags', { headers: { 'AOA-Project-ID': id } }]],
  ['names it to the core API', (id) => ['/core/api/datasetConnections', { headers: { 'AOA-Project-ID': id } }]],
  ['names it beside the own one', (id) => [`/notes/?projectId=${ALPHA}`, { headers: { 'AOA-Project-ID': id } }]],
  ['names it for forward auth', (id) => verify(`/notes/?projectId=${id}`)],
]

async function seen([path, init]: [string, Send]): Promise<string> {
  const response = await bob.fetch(`${kit.url}${path}`, init)
  return `${response.status}\n${[...response.headers].join('\n')}\n${await response.text()}`
}
/** What may differ between two responses: the project that was named, and what is new in each. */
const comparable = (text: string) =>
  withoutWhatIsNew(text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '(uuid)'))

for (const [what, request] of ways)
  test(`a member of another project who ${what} sees the same as for one that does not exist`, async () => {
    const [foreign, unknown] = [await seen(request(BETA)), await seen(request(UNKNOWN))]
    assert.doesNotMatch(foreign, /needle/)
    assert.equal(comparable(foreign), comparable(unknown))
  })

test('a project cannot be reached or confirmed by its name', async () => {
  for (const path of ['/notes/?projectId=', '/tracking/', '/tracking/ajax-api/2.0/mlflow/workspaces/']) {
    const [foreign, unknown] = [await seen([`${path}${NAME}`, {}]), await seen([`${path}nobody-name`, {}])]
    assert.equal(comparable(foreign).replaceAll(NAME, ''), comparable(unknown).replaceAll('nobody-name', ''))
  }
})

test('portal, chooser and session show the own project and no other', async () => {
  for (const path of ['/', '/auth/project', '/auth/session']) {
    const text = await seen([path, path === '/auth/session' ? {} : { headers: PAGE }])
    assert.match(text, /^200\n/)
    assert.match(text, /alpha/, path)
    assert.doesNotMatch(text, /needle/, path)
    assert.doesNotMatch(text, new RegExp(BETA), path)
  }
})

test('without a session there is no name of any project', async () => {
  for (const path of ['/', '/auth/project', '/auth/session', '/notes/', `/notes/?projectId=${BETA}`]) {
    const response = await fetch(`${kit.url}${path}`, { redirect: 'manual' })
    assert.doesNotMatch(`${[...response.headers]}${await response.text()}`, /needle|alpha/, path)
  }
})

test('metrics contain no name and no group of a project, logs only the name where somebody was allowed in', async () => {
  const admin = await signedInBrowser(kit, 'alice')
  for (const path of ['/', '/auth/project', `/notes/?projectId=${BETA}`]) await admin.fetch(`${kit.url}${path}`)
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  assert.match(metrics, /modelops_gateway_projects 2/)
  assert.doesNotMatch(metrics, /needle|alpha/)
  assert.doesNotMatch(metrics, new RegExp(`${ALPHA}|${BETA}`))
  const allowed = kit.logged.filter(({ project_name: name }) => name === NAME)
  assert.ok(allowed.length > 0 && allowed.every(({ event, role }) => event === 'allowed' && role === 'admin'))
  // A path that bob made up is his own text.
  const withoutName = ({ project_name: _, ...line }: Record<string, unknown>) => line
  const lines = kit.logged.map((line) => JSON.stringify(withoutName(line)).replaceAll(`/${NAME}`, '')).join('\n')
  assert.match(lines, /not-in-project/)
  assert.doesNotMatch(lines, /needle/)
})

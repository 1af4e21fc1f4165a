import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { type Kerberos, startKerberos } from '../../infra/parts/kerberos.ts'
import { eventually } from '../redis-store.ts'
import { Person } from './person.ts'
import {
  bearerCall,
  EXPERIMENTS,
  SCENARIO_STARTS,
  type Scenario,
  secondsUntilDenied,
  secondsUntilProjects,
  startScenario,
} from './scenario.ts'

/** A real KDC, Keycloak with the realm of the guide, and Chromium with and without a ticket. */
let kerberos: Kerberos
let scenario: Scenario

before(async () => {
  kerberos = await startKerberos({ realm: 'CORP.TEST', host: 'localhost' })
  for (const name of ['bob', 'carol', 'dave', 'erin']) await kerberos.addUser(name, `${name}-pw`)
  scenario = await startScenario({
    realms: ['kerberos'],
    groups: { alpha: 'project-alpha', beta: 'project-beta', gamma: 'Küche & Süd~/Nord' },
    tokenSeconds: 5,
    env: {
      KERBEROS_REALM: kerberos.realm,
      KERBEROS_PRINCIPAL: kerberos.servicePrincipal,
      KERBEROS_KEYTAB: kerberos.keytab,
      JAVA_OPTS_APPEND: `-Djava.security.krb5.conf=${kerberos.config}`,
    },
  })
}, SCENARIO_STARTS)
after(async () => {
  await scenario?.close()
  await kerberos?.close()
})

async function withTicket(name: string): Promise<Person> {
  const cache = await kerberos.signIn(name, `${name}-pw`)
  return Person.open(scenario, { KRB5_CONFIG: kerberos.config, KRB5CCNAME: cache })
}

const withoutTicket = () =>
  Person.open(scenario, { KRB5_CONFIG: kerberos.config, KRB5CCNAME: 'FILE:/nonexistent/tickets' })

test('a user with a ticket reaches MLflow without any form, and follows the groups at Keycloak', async (t) => {
  const bob = await withTicket('bob')
  await bob.openMlflow()
  await eventually(async () => (await bob.projects()) !== undefined)
  assert.equal(bob.issuerPages, 0)
  assert.deepEqual(await bob.projects(), [], 'a new user of Kerberos is in no group')
  const admin = await scenario.admin('kerberos')
  await admin.addToGroup('bob', 'project-alpha')
  const added = await secondsUntilProjects(bob, ['alpha'])
  await bob.openMlflow()
  await bob.sees(EXPERIMENTS.alpha)
  const token = await bob.accessToken()
  assert.deepEqual([await bearerCall(scenario, token, ALPHA), await bearerCall(scenario, token, BETA)], [200, 403])
  await admin.removeFromGroup('bob', 'project-alpha')
  const removed = await secondsUntilProjects(bob, [])
  assert.equal(await bearerCall(scenario, await bob.accessToken(), ALPHA), 403)
  assert.equal(bob.issuerPages, 0)
  t.diagnostic(`group added ${added.toFixed(1)} s, group removed ${removed.toFixed(1)} s`)
})

test('a user without a ticket gets the form, which takes the password of the KDC', async () => {
  const carol = await withoutTicket()
  await carol.openMlflow()
  await carol.fillForm('carol')
  await eventually(async () => (await carol.projects()) !== undefined)
  const admin = await scenario.admin('kerberos')
  await admin.addToGroup('carol', 'Küche & Süd/Nord')
  scenario.expireTokens()
  assert.deepEqual(await carol.projects(), ['gamma'])
  await carol.openMlflow()
  await carol.sees(EXPERIMENTS.gamma)
})

test('a ticket of one’s own signs nobody else in', async () => {
  const dave = await withTicket('dave')
  await dave.page.goto(`${scenario.url}/auth/login?return_to=/&login_hint=bob`)
  await eventually(async () => (await dave.projects()) !== undefined)
  const session = await (await dave.page.request.get(`${scenario.url}/auth/session`)).json()
  assert.equal(session.username, 'dave')
})

test('a user disabled at the KDC gets no new ticket, and one who has a ticket signs in until it expires', async () => {
  const erin = await withTicket('erin')
  await erin.openMlflow()
  await eventually(async () => (await erin.projects()) !== undefined)
  await kerberos.setEnabled('erin', false)
  await assert.rejects(kerberos.signIn('erin', 'erin-pw'), /revoked/)
  scenario.expireTokens()
  assert.deepEqual(await erin.projects(), [], 'Keycloak is not told by the KDC')
  const admin = await scenario.admin('kerberos')
  await admin.logOut('erin')
  await eventually(async () => (await erin.projects()) === undefined)
  await erin.openMlflow()
  await eventually(async () => (await erin.projects()) !== undefined)
})

test('a user disabled at Keycloak is out at the refresh, and no ticket brings the user back', async (t) => {
  const dave = await withTicket('dave')
  await dave.openMlflow()
  await eventually(async () => (await dave.projects()) !== undefined)
  const admin = await scenario.admin('kerberos')
  await admin.disable('dave')
  t.diagnostic(`user disabled ${(await secondsUntilDenied(dave)).toFixed(1)} s`)
  await dave.openMlflow()
  assert.equal(new URL(dave.page.url()).origin, scenario.keycloak.origin)
  assert.equal(await dave.projects(), undefined)
})

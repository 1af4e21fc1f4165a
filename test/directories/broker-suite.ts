import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { eventually } from '../redis-store.ts'
import { Person } from './person.ts'
import { bearerCall, EXPERIMENTS, GAMMA, SCENARIO_STARTS, type Scenario, startScenario } from './scenario.ts'

/** The name of a group at the provider and in Keycloak. */
const ODD_GROUP = 'Küche & Süd/Nord'

/**
 * Keycloak as a broker: its users are those of another realm, which is a real OpenID provider and a real SAML identity
 * provider. The realm files are those of the guide.
 */
export function brokerSuite(realm: string, issuer: Record<string, unknown> = {}): void {
  let scenario: Scenario

  before(async () => {
    scenario = await startScenario({
      realms: [realm, 'corporate'],
      groups: { alpha: 'project-alpha', beta: 'project-beta', gamma: 'Küche & Süd~/Nord' },
      ...{ issuer, tokenSeconds: 5 },
    })
  }, SCENARIO_STARTS)
  after(() => scenario?.close())

  async function signIn(username: string): Promise<Person> {
    const person = await Person.open(scenario)
    await person.openMlflow()
    await person.page.waitForURL(/\/realms\/corporate\//)
    await person.fillForm(username)
    await eventually(async () => (await person.projects()) !== undefined)
    return person
  }

  test('a brokered user sees no page but that provider’s form, and reaches the projects of the mapped groups', async () => {
    const bob = await signIn('bob')
    await bob.sees(EXPERIMENTS.alpha)
    assert.deepEqual([bob.issuerPages, await bob.projects()], [1, ['alpha']])
    const token = await bob.accessToken()
    assert.deepEqual([await bearerCall(scenario, token, ALPHA), await bearerCall(scenario, token, BETA)], [200, 403])
  })

  test('a brokered user brings no group that is not mapped, whatever its name', async () => {
    const mallory = await signIn('mallory')
    assert.deepEqual(await mallory.projects(), [])
    const session = await (await mallory.page.request.get(`${scenario.url}/auth/session`)).json()
    assert.deepEqual([session.admin, session.groups], [false, []])
  })

  test('a brokered user keeps the groups until the next sign-in at that provider, and has those of now after it', async (t) => {
    const corporate = await scenario.admin('corporate')
    await corporate.addToGroup('carol', ODD_GROUP)
    const carol = await signIn('carol')
    assert.deepEqual(await carol.projects(), ['beta', 'gamma'])
    await corporate.removeFromGroup('carol', 'demand')
    await corporate.addToGroup('carol', 'data-science')
    scenario.expireTokens()
    assert.deepEqual(await carol.projects(), ['beta', 'gamma'], 'a refresh does not ask the other provider')
    await carol.leaveGateway()
    await carol.openMlflow()
    await eventually(async () => (await carol.projects()) !== undefined)
    assert.deepEqual(await carol.projects(), ['beta', 'gamma'], 'nor does a sign-in while Keycloak’s session lasts')
    await endSession('carol')
    await eventually(async () => (await carol.projects()) === undefined)
    await carol.openMlflow()
    await carol.page.waitForURL(/\/realms\/corporate\//)
    const startedAt = performance.now()
    await carol.fillForm('carol')
    await eventually(async () => (await carol.projects())?.join() === 'alpha,gamma')
    t.diagnostic(`groups of now ${Math.round(performance.now() - startedAt)} ms after the sign-in`)
    assert.equal(await bearerCall(scenario, await carol.accessToken(), GAMMA), 200)
  })

  test('a brokered user is out once Keycloak’s session has reached its maximum, if disabled at the provider', async (t) => {
    const dave = await signIn('dave')
    const corporate = await scenario.admin('corporate')
    await corporate.disable('dave')
    t.after(async () => (await scenario.admin('corporate')).setEnabled('dave', true))
    scenario.expireTokens()
    assert.deepEqual(await dave.projects(), [], 'Keycloak does not know yet')
    await (await scenario.admin(realm)).setRealm({ ssoSessionMaxLifespan: 1 })
    t.after(async () => (await scenario.admin(realm)).setRealm({ ssoSessionMaxLifespan: 3600 }))
    scenario.expireTokens()
    await eventually(async () => (await dave.projects()) === undefined)
    await dave.openMlflow()
    assert.equal(await dave.projects(), undefined)
    assert.ok(dave.page.url().startsWith(scenario.keycloak.origin), dave.page.url())
  })

  test('a brokered user is out at once when the provider signs the user out', async (t) => {
    const bob = await signIn('bob')
    const corporate = await scenario.admin('corporate')
    const startedAt = performance.now()
    await corporate.logOut('bob')
    await eventually(async () => (await bob.projects()) === undefined)
    t.diagnostic(`out ${Math.round(performance.now() - startedAt)} ms after the administrator’s request`)
  })

  test('a brokered user with the email address of another account does not become that account', async () => {
    const admin = await scenario.admin(realm)
    await admin.addUser('victim', [], ['modelops-admins'])
    const corporate = await scenario.admin('corporate')
    await corporate.addUser('attacker', [], [])
    await corporate.setUser('attacker', { email: 'victim@o.example', emailVerified: true })
    const attacker = await Person.open(scenario)
    await attacker.openMlflow()
    await attacker.fillForm('attacker')
    await attacker.page
      .getByText(/already exists/i)
      .first()
      .waitFor()
    assert.equal(await attacker.projects(), undefined)
  })

  /** Ends Keycloak's session of a user, which ends the one at the provider too. */
  async function endSession(username: string): Promise<void> {
    await (await scenario.admin(realm)).logOut(username)
  }
}

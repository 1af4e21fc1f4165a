import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import type { DirectoryUnderTest } from './people.ts'
import { Person } from './person.ts'
import {
  bearerCall,
  EXPERIMENTS,
  GAMMA,
  SCENARIO_STARTS,
  type Scenario,
  secondsUntilDenied,
  secondsUntilProjects,
  startScenario,
} from './scenario.ts'
import { Visitor } from './visitor.ts'

/** The gateway refreshes tokens 60 s after they were issued (120 s lifetime, `refreshBeforeSeconds` 60); a busy machine adds to it. */
const BOUND_SECONDS = 60 + 30

/** The same behaviour with every directory that Keycloak federates. */
export function directorySuite(realm: string, start: () => Promise<DirectoryUnderTest>): void {
  let directory: DirectoryUnderTest
  let scenario: Scenario
  const signIn = (username: string) => Visitor.signIn(scenario, username)
  const groupsOf = (token: string) => decodeJwt(token).groups

  before(async () => {
    directory = await start()
    scenario = await startScenario({
      realms: [realm],
      // The group of beta: the group alpha below the group teams.
      groups: { alpha: 'project-alpha', beta: 'teams/alpha', gamma: directory.oddGroup },
      env: {
        ...{ LDAP_URL: directory.url, LDAP_BIND_DN: directory.bindDn, LDAP_BIND_PASSWORD: directory.bindPassword },
        KC_TRUSTSTORE_PATHS: directory.certificateFile,
      },
    })
  }, SCENARIO_STARTS)
  after(async () => {
    await scenario?.close()
    await directory?.close()
  })

  test('a user of the directory reaches MLflow with Chromium', async () => {
    const bob = await Person.open(scenario)
    await bob.openMlflow()
    await bob.fillForm('bob')
    await bob.sees(EXPERIMENTS.alpha)
    assert.deepEqual([bob.issuerPages, await bob.projects()], [1, ['alpha']])
  })

  test('a bearer token reaches the core API in the project of its groups, and in no other', async () => {
    const token = await (await signIn('bob')).accessToken()
    assert.deepEqual(groupsOf(token), ['/project-alpha'])
    assert.deepEqual([await bearerCall(scenario, token, ALPHA), await bearerCall(scenario, token, BETA)], [200, 403])
  })

  test('changes of the directory apply when the access token expires', async (t) => {
    const [carol, erin, dave] = await Promise.all([signIn('carol'), signIn('erin'), signIn('dave')])
    const before = await Promise.all([carol, erin, dave].map((visitor) => visitor.projects()))
    assert.deepEqual(before, [[], ['alpha'], ['alpha']])
    const measured = await Promise.all([
      directory.setMember('project-alpha', 'carol', true).then(() => secondsUntilProjects(carol, ['alpha'])),
      directory.setMember('project-alpha', 'erin', false).then(() => secondsUntilProjects(erin, [])),
      directory.disable('dave').then(() => secondsUntilDenied(dave)),
    ])
    const [added, removed, disabled] = measured.map((seconds) => Math.round(seconds))
    t.diagnostic(`${realm}: group added ${added} s, group removed ${removed} s, user disabled ${disabled} s`)
    for (const seconds of measured) assert.ok(seconds <= BOUND_SECONDS, `${seconds} s`)
    const calls = [carol, erin].map(async (visitor) => bearerCall(scenario, await visitor.accessToken(), ALPHA))
    assert.deepEqual(await Promise.all(calls), [200, 403])
  })

  test('a user who is disabled in the directory cannot sign in', async () => {
    await assert.rejects(signIn('dave'), /dave could not sign in/)
  })

  test('a group whose name has spaces, an umlaut and a slash gives exactly its own project', async () => {
    const kate = await signIn('kate')
    const token = await kate.accessToken()
    assert.deepEqual(groupsOf(token), [`/${directory.oddGroup}`])
    assert.deepEqual(await kate.projects(), ['gamma'])
    assert.deepEqual([await bearerCall(scenario, token, GAMMA), await bearerCall(scenario, token, ALPHA)], [200, 403])
  })

  test('a group that looks like that of a project gives no project', async () => {
    const mallory = await signIn('mallory')
    const token = await mallory.accessToken()
    assert.deepEqual(groupsOf(token), [`/${directory.groupOfMallory}`])
    assert.deepEqual(await mallory.projects(), [])
    for (const project of [ALPHA, BETA, GAMMA]) assert.equal(await bearerCall(scenario, token, project), 403)
  })

  test('a user in more than 200 groups works with a browser and with a bearer token', async (t) => {
    const grace = await signIn('grace')
    assert.deepEqual(await grace.projects(), ['alpha'])
    assert.equal(await grace.open(`/mlflow/${ALPHA}/`), 200)
    const token = await grace.accessToken()
    const groups = groupsOf(token) as string[]
    assert.ok(groups.length > 200)
    assert.equal(await bearerCall(scenario, token, ALPHA), 200)
    t.diagnostic(
      `${realm}: ${groups.length} groups: token ${token.length} bytes, cookies ${grace.cookies().length} bytes`,
    )
  })
}

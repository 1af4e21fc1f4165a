import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StorageDown } from '../../../src/core-api/store/storage-errors.ts'
import { ADMIN, ALICE, ALPHA, BETA, BOB, DAVE, newConnection, type Person, SERVICE, VERA } from '../kit.ts'
import { inAlpha, PATH, type Suite } from './suite.ts'

const DAY_MS = 86_400_000

/** For whom a job may use connections of a project. */
export function membershipCases(suite: Suite): void {
  describe('the user of a job', () => {
    const visit = (who: Person, project = ALPHA) => suite.core.as(who).get(PATH).set('AOA-Project-ID', project)
    const job = async (id: string, user: string, project = ALPHA) => {
      const response = await suite.core
        .as(SERVICE)
        .get(`${PATH}/${id}/job`)
        .query({ user })
        .set('AOA-Project-ID', project)
      return response.status === 200 ? 200 : response.body.reason
    }
    const forget = () => suite.core.storage.db.deleteFrom('project_members').execute()
    const edit = (subject: string, row: Record<string, string | number>) =>
      suite.core.storage.db.updateTable('project_members').set(row).where('subject', '=', subject).execute()
    const tokenOf = (who: Person, groups: string[]) => suite.core.bearer({ ...who, groups })

    test('must be known as a member, also for a shared connection', async () => {
      const { id } = await suite.create(ALICE, newConnection('for members'))
      for (const who of [ALICE, VERA, ADMIN]) {
        await visit(who)
        assert.equal(await job(id, who.sub.replace('sub-', '')), 200)
      }
      assert.equal((await visit(DAVE)).status, 403)
      assert.equal(await job(id, 'dave'), 'user-not-in-project')
      assert.equal(await job(id, 'nobody'), 'user-not-in-project')
      assert.equal(await job(id, 'sub-alice'), 'user-not-in-project')
    })

    test('in one project is not in another, and the response does not depend on the connection', async () => {
      const { id } = await suite.create(BOB, newConnection('of beta'), BETA)
      await visit(ALICE)
      for (const each of [id, '99999999-9999-4999-8999-999999999999'])
        assert.equal(await job(each, 'alice', BETA), 'user-not-in-project')
      assert.equal(await job(id, 'bob', BETA), 200)
    })

    test('is no member once a request without the group was seen', async () => {
      const { id } = await suite.create(ALICE, newConnection('of a former member'))
      const bearer = async (groups: string[]) => ({
        Authorization: `Bearer ${await tokenOf(DAVE, groups)}`,
        ...inAlpha,
      })
      assert.equal((await suite.core.anonymous.get(PATH).set(await bearer(['project-alpha']))).status, 200)
      assert.equal(await job(id, 'dave'), 200)
      assert.equal((await suite.core.anonymous.get(PATH).set(await bearer([]))).status, 403)
      assert.equal(await job(id, 'dave'), 'user-not-in-project')
      assert.equal((await suite.core.anonymous.get(PATH).set(await bearer(['alpha-viewers']))).status, 200)
      assert.equal(await job(id, 'dave'), 200)
    })

    test('is no member once the project has lost the group, or after jobs.membershipDays', async () => {
      const { id } = await suite.create(ALICE, newConnection('of a former group'))
      await visit(ALICE)
      await edit('sub-alice', { group_name: 'another-group' })
      assert.equal(await job(id, 'alice'), 'user-not-in-project')
      await edit('sub-alice', { group_name: 'project-alpha', seen_at: Date.now() - 29 * DAY_MS })
      assert.equal(await job(id, 'alice'), 200)
      await edit('sub-alice', { seen_at: Date.now() - 31 * DAY_MS })
      assert.equal(await job(id, 'alice'), 'user-not-in-project')
      await edit('sub-alice', { seen_at: Date.now() })
    })

    test('who has left gets no personal connection either', async () => {
      const { id } = await suite.create(ALICE, newConnection('left behind', { personal: true }))
      assert.equal(await job(id, 'alice'), 200)
      await forget()
      assert.equal(await job(id, 'alice'), 'user-not-in-project')
    })

    test('can read while memberships cannot be written', async () => {
      const { memberships } = suite.core.deps
      const record = memberships.record
      memberships.record = () => Promise.reject(new StorageDown('read-only'))
      try {
        assert.equal((await visit(ALICE)).status, 200)
      } finally {
        memberships.record = record
      }
      assert.ok(suite.core.logged().includes('membership-not-recorded'))
    })
  })
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ADMIN, ALICE, newConnection, SERVICE } from '../kit.ts'
import { inAlpha, PATH, type Suite } from './suite.ts'

export function secretCases(suite: Suite): void {
  describe('secrets', () => {
    test('no response, log line or database row contains plain-text credentials', async () => {
      const username = 'needle-user-7261'
      const password = 'needle-word-\'"`$\n-needle-tail'
      const credentials = { username, password, credsEncrypted: false }
      const responses: string[] = []
      const ask = async (request: PromiseLike<{ text: string; headers: object; body: { id?: string } }>) => {
        const response = await request
        responses.push(response.text, JSON.stringify(response.headers))
        return response
      }
      const post = (body: object) => ask(suite.core.as(ALICE).post(PATH).set(inAlpha).send(body))
      const made = await post(newConnection('hidden', { credentials }))
      const id = String(made.body.id)
      await post(newConnection('hidden', { credentials }))
      await post(newConnection('wrong', { credentials: { ...credentials, passwrod: password } }))
      await post(newConnection('wrong', { credentials: { ...credentials, username: 7 } }))
      await post(newConnection('\u0000', { credentials }))
      await ask(suite.core.as(ALICE).post(PATH).set(inAlpha).type('json').send(`{"password": "${password}`))
      await ask(suite.core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).send({ credentials }))
      await ask(suite.core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send({ id, credentials }))
      await ask(suite.core.as(ALICE).get(PATH).query({ size: 1000 }).set(inAlpha))
      await ask(suite.core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha))
      const dump = JSON.stringify(await suite.core.storage.db.selectFrom('connections').selectAll().execute())
      assert.ok(dump.includes('"hidden"'))
      for (const where of [responses.join('\n'), suite.core.logged(), dump])
        for (const needle of [
          'needle-user',
          'needle-word',
          'needle-tail',
          Buffer.from(password).toString('base64').slice(0, 12),
        ])
          assert.ok(!where.includes(needle), `${needle} in ${where.slice(Math.max(0, where.indexOf(needle) - 80))}`)
      assert.ok(suite.core.logged().includes('connection-created'))
    })

    test('only the service user gets encrypted credentials, and never from a list', async () => {
      const { id } = await suite.create(ALICE, newConnection('encrypted only'))
      const job = await suite.core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha)
      assert.match(job.body.credentials.password, /^[A-Za-z0-9_-]{64,}={0,2}$/)
      for (const who of [ALICE, ADMIN, SERVICE]) {
        const view = await suite.core.as(who).get(`${PATH}/${id}`).set(inAlpha)
        assert.deepEqual(view.body.credentials, { credsEncrypted: true }, who.sub)
      }
    })
  })
}

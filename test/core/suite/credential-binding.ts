import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecryptionFailed } from '../../../src/core-api/crypto/aes-gcm.ts'
import { CredentialCipher } from '../../../src/core-api/crypto/credential-cipher.ts'
import { decryptCredentials, encryptCredentials } from '../../../src/core-api/crypto/credentials.ts'
import { rotateToken } from '../../../src/core-api/crypto/rotate-token.ts'
import { decryptJobConnection } from '../../../src/core-api/jobs/job-env.ts'
import type { ConnectionRecord } from '../../../src/core-api/store/connections.ts'
import { ALICE, ALPHA, BETA, BOB, newConnection, type Person, SERVICE, TOKEN } from '../kit.ts'
import { inAlpha, PATH, type Suite } from './suite.ts'

const PERSONAL = { personal: true }

/** What somebody who can write to the database, but has no encryption token, can and cannot do. */
export function credentialBindingCases(suite: Suite): void {
  describe('credentials are bound to their record', () => {
    const find = async (id: string, project = ALPHA): Promise<ConnectionRecord> => {
      const record = await suite.core.deps.connections.find(project, id)
      assert.ok(record)
      return record
    }
    const edit = (id: string, row: Record<string, string | number>) =>
      suite.core.storage.db.updateTable('connections').set(row).where('id', '=', id).execute()
    const decrypt = async (record: ConnectionRecord) =>
      (await decryptCredentials(suite.core.deps.cipher, record, record.credentials)).password
    const job = (id: string, user: string) =>
      suite.core.as(SERVICE).get(`${PATH}/${id}/job`).query({ user }).set(inAlpha)
    const visit = (who: Person) => suite.core.as(who).get(PATH).set(inAlpha)

    const changes: [string, Record<string, string | number>][] = [
      ['the user name of the owner', { owner_name: 'bob' }],
      ['the owner', { owner: 'sub-bob' }],
      ['the scope', { scope: 'sub-bob' }],
      ['the owner in every column', { owner: 'sub-bob', owner_name: 'bob', scope: 'sub-bob' }],
      ['a personal connection into a shared one', { scope: '' }],
      ['the project', { project_id: BETA }],
      ['the name', { name: 'renamed' }],
      ['the host', { host: 'evil.example' }],
      ['the logon mechanism', { log_mech: 'LDAP' }],
      ['the default database', { database: 'evil' }],
      ['the database of the analytics library', { val_db: 'evil' }],
      ['the database of the BYOM functions', { byom_db: 'evil' }],
      ['the revision', { revision: 7 }],
      ['the format', { format: 1 }],
      ['the token ID', { key_id: '0000000000000000' }],
    ]
    for (const [index, [what, row]] of changes.entries())
      test(`a writer to the database who changes ${what} gets nothing decrypted`, async () => {
        const { id } = await suite.create(ALICE, newConnection(`bound ${index}`, PERSONAL))
        assert.equal(await decrypt(await find(id)), 'td-password')
        await edit(id, row)
        await assert.rejects(decrypt(await find(id, String(row.project_id ?? ALPHA))), DecryptionFailed)
      })

    test('a description is not bound and can be changed', async () => {
      const { id } = await suite.create(ALICE, newConnection('described', PERSONAL))
      await edit(id, { description: 'changed' })
      assert.equal(await decrypt(await find(id)), 'td-password')
    })

    test('a job of another person gets no password by way of a changed owner name', async () => {
      const { id } = await suite.create(ALICE, newConnection('carol’s', PERSONAL))
      await visit(BOB)
      assert.equal((await job(id, 'bob')).status, 404)
      await edit(id, { owner_name: 'bob' })
      const response = await job(id, 'bob')
      assert.equal(response.status, 200)
      await assert.rejects(decryptJobConnection(response.body, [TOKEN]), { reason: 'credentials-unreadable' })
    })

    test('job-env compares the user with the owner itself', async () => {
      const { id } = await suite.create(ALICE, newConnection('compared', PERSONAL))
      const { body } = await job(id, 'alice')
      assert.equal((await decryptJobConnection(body, [TOKEN])).VMO_CONN_PASSWORD, 'td-password')
      for (const forged of [
        { ...body, user: 'bob' },
        { ...body, user: 'bob', personal: false },
        { ...body, user: 'bob', personal: false, scope: '' },
        { ...body, user: 'bob', scope: 'bob', owner: 'bob' },
      ])
        await assert.rejects(decryptJobConnection(forged, [TOKEN]), { name: 'JobEnvRefused' })
    })

    test('earlier credentials of the same record cannot be restored', async () => {
      const { id } = await suite.create(ALICE, newConnection('restored', PERSONAL))
      const earlier = (await find(id)).credentials
      const credentials = { username: 'td-user', password: 'second' }
      assert.equal((await suite.core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).send({ credentials })).status, 200)
      assert.equal(await decrypt(await find(id)), 'second')
      await edit(id, { username_sealed: earlier.username, password_sealed: earlier.password })
      await assert.rejects(decrypt(await find(id)), DecryptionFailed)
    })

    test('a change without credentials keeps them, encrypted for the new revision', async () => {
      const { id } = await suite.create(ALICE, newConnection('kept', PERSONAL))
      const before = await find(id)
      const body = { name: 'kept and renamed', metadata: { database: 'other' } }
      const response = await suite.core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).send(body)
      assert.deepEqual([response.status, response.body.revision], [200, 2])
      const after = await find(id)
      assert.equal(await decrypt(after), 'td-password')
      assert.notEqual(after.credentials.password, before.credentials.password)
    })

    test('a service without the new token does not write credentials under the old one back', async () => {
      const { id } = await suite.create(ALICE, newConnection('rotated meanwhile'))
      const { connections, cipher } = suite.core.deps
      const rotatedCipher = await CredentialCipher.create(['the-new-token', TOKEN])
      const replace = connections.replace.bind(connections)
      connections.replace = async (from, to) => {
        connections.replace = replace
        const plain = await decryptCredentials(cipher, from, from.credentials)
        const rotated = { ...from, credentials: await encryptCredentials(rotatedCipher, from, plain) }
        assert.equal(await replace(from, rotated), true)
        return replace(from, to)
      }
      const response = await suite.core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).send({ description: 'meanwhile' })
      assert.equal(response.body.reason, 'credentials-unreadable')
      assert.equal((await find(id)).credentials.keyId, rotatedCipher.currentId)
    })

    test('a change during a token rotation keeps the rotated credentials', async () => {
      const { id } = await suite.create(ALICE, newConnection('straddled'))
      const { connections, cipher } = suite.core.deps
      const previous = (await find(id)).credentials
      const replace = connections.replace.bind(connections)
      let rotated: ConnectionRecord | undefined
      connections.replace = async (from, to) => {
        if (!rotated) {
          const plain = await decryptCredentials(cipher, from, from.credentials)
          rotated = { ...from, credentials: await encryptCredentials(cipher, from, plain) }
          assert.equal(await replace(from, rotated), true)
        }
        return replace(from, to)
      }
      try {
        const response = await suite.core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).send({ description: 'meanwhile' })
        assert.deepEqual([response.status, response.body.description], [200, 'meanwhile'])
      } finally {
        connections.replace = replace
      }
      const after = await find(id)
      assert.ok(rotated)
      assert.notEqual(after.credentials.password, previous.password)
      assert.equal(await decrypt(after), 'td-password')
    })
  })

  describe('credentials in format 1, which names neither user name nor revision', () => {
    /** Writes a record as earlier versions did. */
    const storeFormat1 = async (name: string, personal: boolean): Promise<string> => {
      const { id } = await suite.create(ALICE, newConnection(name, { personal }))
      const { cipher } = suite.core.deps
      const owner = personal ? 'sub-alice' : null
      const data = (field: string) =>
        JSON.stringify(['modelops connection', 1, ALPHA, id, owner, 'vantage.example', 'TD2', field])
      const row = {
        username_sealed: (await cipher.encrypt('old-user', data('username'))).message,
        password_sealed: (await cipher.encrypt('old-password', data('password'))).message,
        format: 1 as const,
      }
      await suite.core.storage.db.updateTable('connections').set(row).where('id', '=', id).execute()
      return id
    }
    const job = (id: string) => suite.core.as(SERVICE).get(`${PATH}/${id}/job?user=alice`).set(inAlpha)
    const formatOf = async (id: string) => (await suite.core.deps.connections.find(ALPHA, id))?.credentials.format
    const rotate = (keepOwnerNames: boolean) => rotateToken({ ...suite.core.deps, keepOwnerNames }, () => undefined)

    test('are readable, and a change writes the current format', async () => {
      const id = await storeFormat1('old shared', false)
      assert.equal((await suite.core.as(ALICE).post(`${PATH}/validate`).set(inAlpha).send({ id })).status, 200)
      assert.equal((await decryptJobConnection((await job(id)).body, [TOKEN])).VMO_CONN_PASSWORD, 'old-password')
      assert.equal((await suite.core.as(BOB).put(`${PATH}/${id}`).set(inAlpha).send({ name: 'newer' })).status, 200)
      assert.equal(await formatOf(id), 2)
      assert.equal((await decryptJobConnection((await job(id)).body, [TOKEN])).VMO_CONN_PASSWORD, 'old-password')
    })

    test('give a personal connection to nobody by user name, until the owner saves it again', async () => {
      const id = await storeFormat1('old personal', true)
      assert.equal((await job(id)).body.reason, 'credentials-outdated')
      await rotate(false)
      assert.equal(await formatOf(id), 2)
      assert.equal((await job(id)).status, 404)
      const saved = await suite.core.as(ALICE).put(`${PATH}/${id}`).set(inAlpha).send({})
      assert.deepEqual([saved.status, saved.body.owner], [200, 'alice'])
      assert.equal((await decryptJobConnection((await job(id)).body, [TOKEN])).VMO_CONN_PASSWORD, 'old-password')
    })

    test('keep their owner names in a rotation that is told to trust them', async () => {
      const id = await storeFormat1('old and trusted', true)
      assert.equal((await rotate(true)).unreadable.includes(id), false)
      assert.equal((await decryptJobConnection((await job(id)).body, [TOKEN])).VMO_CONN_PASSWORD, 'old-password')
    })
  })
}

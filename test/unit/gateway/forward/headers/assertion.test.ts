import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { buildSigner } from '../../../../../src/gateway/forward/headers/assertion.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'

const memberOf = (groups: readonly string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 'sub-max',
  kind: 'person',
  username: 'max',
  groups: new Set(groups),
  projectIds: new Set(),
})

test('an assertion states that groups were left out', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const claimsOf = async (groups: readonly string[]) =>
    decodeJwt(await signer.sign('core', { principal: memberOf(groups), role: 'user', project: undefined }))

  assert.equal((await claimsOf(['a', 'b'])).groups_truncated, undefined)
  const crowded = await claimsOf(Array.from({ length: 500 }, (_, at) => `a-security-group-of-the-company-${at}`))
  assert.equal(crowded.groups_truncated, true)
  assert.ok((crowded.groups as string[]).length < 500)
})

test('an assertion is reused for some seconds, only for the same principal, route, role and projects', async () => {
  let now = 0
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => now, secrets: ['s'.repeat(32)] })
  const alpha = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: [], viewerGroups: [] }
  const max = { principal: memberOf(['a']), role: 'editor' as const, project: alpha }
  const jwt = await signer.sign('core', max)
  assert.equal(signer.peek('core', max), jwt)
  const others: [string, Parameters<typeof signer.peek>[1]][] = [
    ['mlflow', max],
    ['core', { ...max, role: 'viewer' }],
    ['core', { ...max, project: { ...alpha, id: '22222222-2222-4222-8222-222222222222' } }],
    ['core', { ...max, project: undefined }],
    ['core', { ...max, projects: [] }],
    ['core', { ...max, principal: memberOf(['a']) }],
  ]
  for (const [audience, subject] of others) assert.equal(signer.peek(audience, subject), undefined)
  now = 10_000
  assert.equal(signer.peek('core', max), undefined)
  await signer.sign('core', { ...max, projects: [] })
  const listed = { id: alpha.id, name: 'alpha', role: 'editor' as const }
  assert.notEqual(signer.peek('core', { ...max, projects: [] }), undefined)
  assert.equal(signer.peek('core', { ...max, projects: [listed] }), undefined)
})

test('a principal with many projects keeps the assertions of the most recent ones', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const principal = memberOf(['a'])
  const projects = Array.from({ length: 40 }, (_, at) => ({
    id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    name: `p${at}`,
    groups: [],
    viewerGroups: [],
  }))
  for (const project of projects) await signer.sign('core', { principal, role: 'admin', project })
  const known = projects.filter((project) => signer.peek('core', { principal, role: 'admin', project }) !== undefined)
  assert.deepEqual(known, projects.slice(-16))
})

test('an assertion states that a rule over claims made the caller a member', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const claimsOf = async (grants: Principal['grants']) =>
    decodeJwt(
      await signer.sign('core', {
        principal: { ...memberOf([]), ...(grants && { grants }) },
        ...{ role: 'editor', project: undefined },
      }),
    )
  const grant = { projectId: '11111111-1111-4111-8111-111111111111', role: 'editor' as const, rule: 'train-alpha' }
  assert.equal((await claimsOf([grant])).granted, true)
  assert.equal((await claimsOf([])).granted, undefined)
  assert.equal((await claimsOf(undefined)).granted, undefined)
})

test('an assertion says who is calling, verified by the published keys, for a minute', async () => {
  const now = 1_700_000_000_999
  const secrets = ['s'.repeat(32), 't'.repeat(32)]
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => now, secrets })
  const alpha = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: [], viewerGroups: [] }
  const listed = [{ id: alpha.id, name: 'alpha', role: 'editor' as const }]
  const principal: Principal = { ...memberOf(['a']), email: 'max@example.com', clientId: 'browser' }
  const subject = { principal, role: 'editor' as const, project: alpha, projects: listed }
  const jwt = await signer.sign('core', subject)
  const { payload, protectedHeader } = await jwtVerify(jwt, createLocalJWKSet(signer.jwks), {
    currentDate: new Date(now),
  })
  const { jti, ...claims } = payload
  assert.match(String(jti), /^[0-9a-f-]{36}$/)
  assert.deepEqual(claims, {
    ...{ iss: 'https://o.example', aud: 'core', iat: 1_700_000_000, nbf: 1_700_000_000, exp: 1_700_000_060 },
    ...{ sub: 'sub-max', preferred_username: 'max', email: 'max@example.com', groups: ['a'], role: 'editor' },
    ...{ project_id: alpha.id, projects: listed },
  })
  assert.deepEqual(protectedHeader, { alg: 'ES256', kid: signer.jwks.keys[0]?.kid, typ: 'JWT' })
  assert.equal(signer.peek('core', subject), jwt)
})

test('an assertion names the client of a machine, and nothing that is not known', async () => {
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: ['s'.repeat(32)] })
  const machine: Principal = { ...memberOf([]), kind: 'machine', clientId: 'ci' }
  const { iat, nbf, exp, jti, ...claims } = decodeJwt(
    await signer.sign('core', { principal: machine, role: 'user', project: undefined }),
  )
  assert.deepEqual([iat, nbf, exp], [0, 0, 60])
  assert.notEqual(jti, undefined)
  assert.deepEqual(claims, {
    ...{ iss: 'https://o.example', aud: 'core', sub: 'sub-max', preferred_username: 'max', client_id: 'ci' },
    ...{ groups: [], role: 'user' },
  })
})

test('the key of a secret never changes, so that replicas and versions agree', async () => {
  const keysOf = async (...secrets: string[]) =>
    (await buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets })).jwks.keys
  const [first, second] = await keysOf('s'.repeat(32), 't'.repeat(32))
  assert.deepEqual(first, {
    ...{ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' },
    x: 'WhvZLmJ7U8ZunO6wC-vzvm_Z1Lg_cDtueaQ2-nhoxbo',
    y: 'esEjsa75RbnxIopTMTHA55KRXmP5jJdbPkCiJso2Rro',
    kid: 'srsSBDmLENd7Pk29KlNG36dMi-qwCVOT2bgSKK30YLY',
  })
  assert.deepEqual(await keysOf('t'.repeat(32)), [second])
  assert.notEqual(first?.kid, second?.kid)
  // The number of this one has a leading zero in hexadecimal.
  const [short] = await keysOf('14'.padStart(32, 'z'))
  assert.equal(short?.kid, 'YTex0oOYXzd8um3gXoG4_6pRAe7Z7wo3wPv2viA4g8s')
})

test('without a secret there is no signer', async () => {
  await assert.rejects(buildSigner({ issuer: 'https://o.example', clock: () => 0, secrets: [] }), TypeError)
})

test('an assertion that was signed again takes the place of the first one', async () => {
  let now = 0
  const signer = await buildSigner({ issuer: 'https://o.example', clock: () => now, secrets: ['s'.repeat(32)] })
  const principal = memberOf(['a'])
  const other = { principal, role: 'viewer' as const, project: undefined }
  const kept = await signer.sign('core', other)
  for (now = 0; now < 20; now++) await signer.sign('core', { principal, role: 'user', project: undefined })
  assert.equal(signer.peek('core', other), kept)
  const last = await signer.sign('core', { principal, role: 'user', project: undefined })
  assert.equal(signer.peek('core', { principal, role: 'user', project: undefined }), last)
  assert.equal(decodeProtectedHeader(last).typ, 'JWT')
})

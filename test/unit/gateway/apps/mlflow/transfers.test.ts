import assert from 'node:assert/strict'
import test from 'node:test'
import { buildMlflowProfile } from '../../../../../src/gateway/apps/mlflow/profile.ts'
import type { AppEvent } from '../../../../../src/gateway/apps/profile.ts'
import { ALPHA, admit, askFor, BETA, mlflowRoute, refusalOf } from './fixtures.ts'

type Mode = 'proxied' | 'presigned' | 'deny'
const recorded: AppEvent[] = []
const profileFor = (transfers: Mode, tenancy: object = {}) =>
  buildMlflowProfile(
    { ...mlflowRoute(tenancy), transfers, presignedSeconds: 900 },
    { record: (event) => recorded.push(event) },
  )
const asked = (line: string) => {
  const [path = '', query = ''] = line.split('?')
  return { ...askFor(path), query }
}

const FILE = '/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/a.txt'
const table: [string, Record<Mode, 'read' | 'write' | 'denied'>][] = [
  [`GET ${FILE}`, { proxied: 'read', presigned: 'read', deny: 'denied' }],
  [`PUT ${FILE}`, { proxied: 'write', presigned: 'write', deny: 'denied' }],
  [`DELETE ${FILE}`, { proxied: 'write', presigned: 'write', deny: 'denied' }],
  ['GET /get-artifact?run_id=r&path=a', { proxied: 'read', presigned: 'read', deny: 'denied' }],
  [
    'POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=r&path=a',
    { proxied: 'write', presigned: 'write', deny: 'denied' },
  ],
  ['GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=t', { proxied: 'read', presigned: 'read', deny: 'denied' }],
  ['GET /api/2.0/mlflow-artifacts/artifacts?path=1', { proxied: 'read', presigned: 'read', deny: 'read' }],
  ['GET /api/2.0/mlflow/artifacts/list?run_id=r', { proxied: 'read', presigned: 'read', deny: 'read' }],
  ['GET /api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a', { proxied: 'denied', presigned: 'read', deny: 'denied' }],
  [
    'POST /api/2.0/mlflow-artifacts/mpu/create/1/r/artifacts',
    { proxied: 'denied', presigned: 'write', deny: 'denied' },
  ],
  [
    'POST /ajax-api/2.0/mlflow/artifacts/presigned-upload-url',
    { proxied: 'denied', presigned: 'write', deny: 'denied' },
  ],
  ['POST /api/2.0/mlflow/artifacts/presigned-download-url', { proxied: 'denied', presigned: 'read', deny: 'denied' }],
  ['GET /get-artifact?run_id=r&path=a&presigned=true', { proxied: 'denied', presigned: 'read', deny: 'denied' }],
  ['GET /get-artifact?run_id=r&path=a&pre%73igned=true', { proxied: 'denied', presigned: 'read', deny: 'denied' }],
  ['GET /get-artifact?path=a&presigned=false&presigned=true', { proxied: 'denied', presigned: 'read', deny: 'denied' }],
  ['GET /get-artifact?run_id=r&path=a&presigned=false', { proxied: 'read', presigned: 'read', deny: 'denied' }],
]
for (const [line, uses] of table)
  for (const [mode, use] of Object.entries(uses))
    test(`transfers ${mode}: ${line} is ${use}`, () => {
      assert.equal(profileFor(mode as Mode).use(asked(line)), use)
    })

const UPLOAD = 'POST /api/2.0/mlflow/artifacts/presigned-upload-url'
const urlFor = (project: string, query: string) =>
  `https://store.example/ml/workspaces/${project}/1/r/artifacts/a.txt${query}`
function rewrite(body: object | string, tenancy: object = {}, status = 200) {
  const rule = profileFor('presigned', tenancy).responseRule?.(askFor(UPLOAD))
  assert.ok(rule)
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return rule.rewrite(status, bytes, admit(UPLOAD)).toString()
}

test('a URL within the project and the time is passed on, and recorded without its signature', () => {
  recorded.length = 0
  const body = { presigned_url: urlFor(ALPHA.id, '?X-Amz-Expires=900&X-Amz-Signature=secret'), headers: {} }
  assert.deepEqual(JSON.parse(rewrite(body)), body)
  assert.equal(recorded.length, 1)
  const [event] = recorded
  assert.deepEqual([event?.event, event?.user, event?.project, event?.seconds], ['presigned-url', 'bob', ALPHA.id, 900])
  assert.equal(event?.object, `/ml/workspaces/${ALPHA.id}/1/r/artifacts/a.txt`)
  assert.doesNotMatch(JSON.stringify(event), /secret/)
})

test('each part of a multipart upload is checked and recorded', () => {
  recorded.length = 0
  const url = urlFor(ALPHA.id, '?X-Amz-Expires=60')
  rewrite({
    upload_id: 'u',
    credentials: [
      { url, part_number: 1 },
      { url, part_number: 2 },
    ],
  })
  assert.equal(recorded.length, 2)
  const foreign = { credentials: [{ url }, { url: urlFor(BETA.id, '?X-Amz-Expires=60') }] }
  assert.equal(refusalOf(() => rewrite(foreign)).reason, 'upstream-invalid')
})

const soon = Math.floor(Date.now() / 1000) + 600
const refused: [string, object | string][] = [
  ['a URL of another project', { presigned_url: urlFor(BETA.id, '?X-Amz-Expires=60') }],
  ['a URL outside of all projects', { presigned_url: 'https://store.example/ml/secret?X-Amz-Expires=60' }],
  ['a project in the query alone', { url: `https://store.example/x?X-Amz-Expires=60&a=/workspaces/${ALPHA.id}/` }],
  ['a URL that lives too long', { presigned_url: urlFor(ALPHA.id, '?X-Amz-Expires=901') }],
  ['one that expires too late', { presigned_url: urlFor(ALPHA.id, `?Expires=${soon + 900}`) }],
  ['one whose lifetime is not known', { presigned_url: urlFor(ALPHA.id, '?Signature=x') }],
  ['one whose lifetime is no number', { presigned_url: urlFor(ALPHA.id, '?X-Amz-Expires=long') }],
  [
    'one of another project, below a folder named like the own one',
    {
      url: `https://store.example/ml/workspaces/${BETA.id}/workspaces/${ALPHA.id}/a?X-Amz-Expires=60`,
    },
  ],
  ['one that leaves the project', { url: urlFor(ALPHA.id, '/..%2F..%2F..%2Fa?X-Amz-Expires=60') }],
  ['one whose path is no text', { url: urlFor(ALPHA.id, '%ff?X-Amz-Expires=60') }],
  ['one under any other name', { location: urlFor(BETA.id, '?X-Amz-Expires=60') }],
  ['one in a list of texts', { parts: [urlFor(BETA.id, '?X-Amz-Expires=60')] }],
  ['what is not JSON', '<html>'],
]
for (const [name, body] of refused) {
  test(`${name} is not handed out`, () => assert.equal(refusalOf(() => rewrite(body)).reason, 'upstream-invalid'))
}

test('lifetimes of every object store are understood', () => {
  for (const query of [
    `?Expires=${soon}`,
    '?X-Goog-Expires=60',
    `?se=${encodeURIComponent(new Date(soon * 1000).toISOString())}`,
  ])
    assert.doesNotThrow(() => rewrite({ url: urlFor(ALPHA.id, query) }))
})

test('a refusal of MLflow’s passes as it is', () => assert.equal(rewrite('not JSON', {}, 400), 'not JSON'))

test('where a project has an MLflow of its own, its bucket has no prefix', () => {
  const tenancy = { tenancy: 'instance', instances: { [ALPHA.id]: 'http://127.0.0.1:1' } }
  assert.doesNotThrow(() => rewrite({ url: 'https://store.example/own/a?X-Amz-Expires=60' }, tenancy))
})

test('a client cannot ask for a longer lifetime', async () => {
  const rule = profileFor('presigned').bodyRule?.(askFor(UPLOAD))
  const body = await rule?.rewrite(Buffer.from('{"run_id":"r","path":"a","expiration":86400}'), admit(UPLOAD))
  assert.equal(body?.toString(), '{"run_id":"r","path":"a","expiration":900}')
})

test('clients are told of multipart transfers and presigned URLs only where they work', () => {
  const line = 'GET /api/3.0/mlflow/server-info'
  const info = {
    multipart_uploads_enabled: true,
    presigned_upload_run_id_supported: true,
    artifacts_presigned_only: true,
  }
  const told = (mode: Mode) => {
    const rule = profileFor(mode).responseRule?.(askFor(line))
    return JSON.parse(rule?.rewrite(200, Buffer.from(JSON.stringify(info)), admit(line)).toString() ?? '')
  }
  assert.deepEqual(Object.values(told('proxied')), [false, false, false])
  assert.deepEqual(told('presigned'), info)
})

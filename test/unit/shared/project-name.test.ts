import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CATALOGUES } from '../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { isNameInUrls, RESERVED_SEGMENTS } from '../../../src/shared/project-name.ts'

for (const name of ['alpha', 'a', '7', 'team-7-models', 'a'.repeat(63), 'apis', '1111-2222'])
  test(`"${name.slice(0, 20)}" works in URLs`, () => assert.equal(isNameInUrls(name), true))

const others = [
  '',
  'Alpha',
  'price model',
  '-alpha',
  'alpha-',
  'al_pha',
  'alpha.v2',
  'alpha/beta',
  'alpha\n',
  'álpha',
  'ａlpha',
  '%61lpha',
  '..',
  'a'.repeat(64),
  '11111111-1111-4111-8111-111111111111',
]
for (const name of others)
  test(`${JSON.stringify(name.slice(0, 40))} does not`, () => assert.equal(isNameInUrls(name), false))

test('no name hides a page of the gateway, or of an application that signs users in itself', () => {
  for (const name of ['auth', 'login', 'logout', 'signup', 'metrics', 'health', 'static-files'])
    assert.equal(isNameInUrls(name), false, name)
})

test('no name hides a path of MLflow, in any release of the catalogue', () => {
  const lines: string[] = Object.values(CATALOGUES).flatMap(({ viewer, editor, admin, denied }) =>
    [viewer, editor, admin, denied].flat(),
  )
  const segments = lines.flatMap((line) => {
    const [first = ''] = line
      .replace(/^[A-Z]+ \//, '')
      .replace('{,ajax-}', 'ajax-')
      .split('/')
    return [first, first.replace('ajax-', '')]
  })
  const own = new Set(segments.filter((segment) => segment !== ''))
  assert.ok(own.size >= 8, `${own.size}`)
  assert.deepEqual([...own].filter(isNameInUrls), [])
  for (const segment of own) assert.ok(RESERVED_SEGMENTS.has(segment), segment)
})

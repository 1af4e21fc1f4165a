import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../../src/core-api/api/index.ts'
import { openApiDocument } from '../../../src/core-api/operation/openapi.ts'

const document = openApiDocument(operations) as {
  openapi: string
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>
  components: { schemas: Record<string, { properties: Record<string, { properties?: object }> }> }
}

test('every operation is documented once, with its responses', () => {
  const listed = Object.values(document.paths).flatMap((item) => Object.values(item))
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(listed.map(({ operationId }) => operationId).sort(), operations.map(({ spec }) => spec.id).sort())
  assert.equal(new Set(listed.map(({ operationId }) => operationId)).size, listed.length)
  for (const { operationId, responses } of listed) assert.ok(Object.keys(responses).length > 1, operationId)
})

test('every reference resolves to a schema', () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)
  for (const [, reference = ''] of references) {
    const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1]
    assert.ok(name !== undefined && name in document.components.schemas, reference)
  }
})

test('no response schema has plain-text credentials', () => {
  const view = document.components.schemas.DatasetConnection?.properties.credentials?.properties
  assert.deepEqual(Object.keys(view ?? {}), ['credsEncrypted'])
})

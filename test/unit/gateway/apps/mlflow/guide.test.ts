import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../../../../src/gateway/config/schema.ts'

const guide = readFileSync(
  join(import.meta.dirname, '..', '..', '..', '..', '..', 'docs', 'guides', 'applications', 'mlflow.md'),
  'utf8',
)
const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml ?? '')

test('the guide’s routes are routes', () => {
  assert.equal(examples.length, 2)
  for (const yaml of examples) configSchema.shape.routes.parse(parse(yaml).routes)
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePages } from '../../infra/docs/reference.ts'

for (const [path, page] of Object.entries(referencePages)) {
  test(`${path} is what the program says (run \`npm run docs\`)`, async () =>
    assert.equal(readFileSync(path, 'utf8'), await page()))
}

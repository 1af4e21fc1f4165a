import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referencePages } from '../../../../infra/docs/reference.ts'

/**
 * A key that parses and is not enforced is worse than none. Every key of the configuration, as the reference lists them,
 * is set to something by a test: this finds a new key that no test speaks of. That the test then sees a difference is for
 * whoever reviews it; a name that several sections share (`url`, `name`) counts once for all.
 */
const page = (await referencePages['docs/reference/configuration.md']?.()) ?? ''
const keys = [...new Set([...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key as string))]
const tests = globSync('test/**/*.ts')
  .filter((file) => !file.endsWith('flips.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

/** Known to be missing: set in no test. Nothing may be added here. */
const MISSING = ['projects.tokenParameters']

for (const key of keys.filter((each) => !MISSING.includes(each))) {
  test(`${key} is flipped by a test`, () => {
    const leaf = key.split('.').at(-1)?.replace('[]', '') ?? ''
    // As a property (`key: …`, `{ key }`), an assignment (`raw.section.key = …`) or in YAML.
    assert.match(tests, new RegExp(`\\b${leaf}['"]?(?:\\s*:\\s*[^\\s]|\\s=\\s| \\}|, )`))
  })
}

test('the reference lists keys to look for', () => assert.ok(keys.length > 80, String(keys.length)))

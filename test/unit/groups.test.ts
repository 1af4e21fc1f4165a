import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const patternsIn = (text: string) => [...text.matchAll(/'([^']+\.test\.ts)'/g)].map(([, pattern = '']) => pattern)
const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts

test('npm run check runs every unit and contract test once', () => {
  const grouped = globSync('test/groups/*/*.ts').flatMap((file) => patternsIn(readFileSync(file, 'utf8')))
  const alone = ['test:unit', 'test:contract'].flatMap((name) =>
    [...(scripts[name] ?? '').matchAll(/"([^"]+\.test\.ts)"/g)].map(([, pattern = '']) => pattern),
  )
  const runs = [...grouped, ...alone].flatMap((pattern) => globSync(pattern))
  assert.deepEqual(runs.sort(), globSync('test/{unit,contract}/**/*.test.ts').sort())
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'

/**
 * `wrong/NAME.yaml` is a configuration with a mistake, `wrong/NAME.txt` what `check` prints about it. The first line of
 * the file says how many mistakes are in it: there is one message for each. `WRITE=1` writes the texts anew.
 */
const FOLDER = join(import.meta.dirname, 'wrong')
const ENV = {
  OIDC_CLIENT_SECRET: 'hunter2-from-the-environment',
  SESSION_SECRET: 'hunter2-from-the-environment-with-32-bytes',
  PUBLIC_URL: 'o.hunter2.example',
  MLFLOW_URL: 'http://127.0.0.1:5000',
  DRAIN: '30',
}
/** Words of the libraries, and of JavaScript. */
const LIBRARY_WORDS = /Invalid|BAD_|[A-Z]+_[A-Z]+_KEY|implicit|must match|pattern|regex|zod|undefined|null|object\b/

const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace('.yaml', ''))

function errorOf(name: string): ConfigurationError {
  const text = readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')
  try {
    parseConfig(text, `${name}.yaml`, ENV)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  assert.fail(`${name}.yaml was accepted`)
}

for (const name of cases) {
  test(`wrong/${name}.yaml is explained`, () => {
    const error = errorOf(name)
    const file = join(FOLDER, `${name}.txt`)
    if (process.env.WRITE) writeFileSync(file, `${error.report()}\n`)
    assert.equal(`${error.report()}\n`, readFileSync(file, 'utf8'))
    const [, mistakes] = /^# (\d+) mistakes?: /.exec(readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')) ?? []
    assert.equal(error.errors.length, Number(mistakes))
    assert.doesNotMatch(error.report(), LIBRARY_WORDS)
    assert.doesNotMatch(error.report() + error.message, /hunter2/)
  })
}

test('there are at least forty wrong configurations, and no text without one', () => {
  assert.ok(cases.length >= 40)
  for (const name of readdirSync(FOLDER)) assert.ok(existsSync(join(FOLDER, name.replace(/\.txt$/, '.yaml'))), name)
})

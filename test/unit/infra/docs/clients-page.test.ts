import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { versionOf } from '../../../../infra/docs/clients-page.ts'
import { CLIENTS } from '../../../clients/matrix.ts'

const tests = globSync('test/clients/*.test.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

for (const row of CLIENTS)
  test(`the matrix of clients says of “${row.test}” what a test shows`, () => {
    assert.ok(tests.includes(`test('${row.test}'`), 'expected a test with this title in test/clients')
    assert.match(versionOf(row.version), /^(\d+\.\d+|of Debian)/)
  })

test('each client is one line', () => assert.equal(new Set(CLIENTS.map((row) => row.test)).size, CLIENTS.length))

test('a package that a file does not pin has no version', () =>
  assert.throws(() => versionOf({ file: 'infra/clients/requirements.txt', name: 'nothing' }), /expected a version/))

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { jobEnvironmentOf } from '../../../src/core-api/jobs/environment.ts'
import { oversizedVariables, renderEnvFile, renderSecret } from '../../../src/core-api/jobs/render.ts'

const folder = mkdtempSync(join(tmpdir(), 'render-'))
after(() => rmSync(folder, { recursive: true }))

const { vectors } = JSON.parse(readFileSync(new URL('fixtures/env-file-vectors.json', import.meta.url), 'utf8')) as {
  vectors: { value: string; file: string }[]
}

/** The value of a variable as `sh` reads it from a file. The script appends a mark that protects a trailing line feed. */
function readBySh(text: string, name: string, shell = 'sh'): string {
  const file = join(folder, 'job.env')
  writeFileSync(file, text)
  const script = `set -eu; . "$1"; printf '%s.' "$${name}"`
  return execFileSync(shell, ['-c', script, shell, file], { maxBuffer: 1 << 28, env: {} })
    .toString()
    .slice(0, -1)
}

test('env files have the form that docker compose reads back', () => {
  for (const { value, file } of vectors) {
    const environment = { VMO_CONN_HOST: 'h', VMO_CONN_PASSWORD: value, AOA_CONN_PASSWORD: value }
    assert.equal(renderEnvFile(environment), file)
  }
})

test('sh reads back every byte', () => {
  for (const { value, file } of vectors) {
    assert.equal(readBySh(file, 'VMO_CONN_PASSWORD'), value)
    assert.equal(readBySh(file, 'AOA_CONN_PASSWORD'), value)
  }
})

test('sh reads back any password', () => {
  const character = fc.constantFrom(...`'"\\$\`\n\r \t#={}()!%&;|<>*?~aZ0é\x01\x7f`, '\u2028', '🔐', '${A}', '$(id)')
  const password = fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(password, (value) => readBySh(renderEnvFile({ V: value }), 'V') === value),
    { numRuns: 150 },
  )
})

test('a megabyte of special characters is read back exactly', () => {
  const value = `it's \`\\"$\r\né🔐`.repeat(60_000)
  assert.ok(Buffer.byteLength(value) > 1_000_000)
  assert.ok(readBySh(renderEnvFile({ V: value }), 'V') === value)
})

const target = { host: 'vantage.example', log_mech: 'TD2', database: 'db', valDb: '', byomDb: 'MLDB' }
const environment = jobEnvironmentOf(target, { username: 'u', password: 'p' })

test('a job gets the current and the previous names, and no empty values', () => {
  assert.deepEqual(environment, {
    VMO_CONN_HOST: 'vantage.example',
    VMO_CONN_USERNAME: 'u',
    VMO_CONN_PASSWORD: 'p',
    VMO_CONN_LOG_MECH: 'TD2',
    VMO_CONN_DATABASE: 'db',
    VMO_BYOM_INSTALL_DB: 'MLDB',
    AOA_CONN_HOST: 'vantage.example',
    AOA_CONN_USERNAME: 'u',
    AOA_CONN_PASSWORD: 'p',
    AOA_CONN_LOG_MECH: 'TD2',
    AOA_CONN_DATABASE: 'db',
    AOA_BYOM_INSTALL_DB: 'MLDB',
  })
})

test('a Secret contains the same bytes', () => {
  const password = `it's \`\\"$\r\né🔐 ${'x'.repeat(300)}`
  const id = '11111111-1111-4111-8111-111111111111'
  const manifest = parse(renderSecret({ ...environment, VMO_CONN_PASSWORD: password }, id))
  assert.deepEqual(
    [manifest.kind, manifest.type, manifest.metadata.name],
    ['Secret', 'Opaque', `dataset-connection-${id}`],
  )
  assert.equal(Buffer.from(manifest.data.VMO_CONN_PASSWORD, 'base64').toString(), password)
  assert.equal(manifest.stringData, undefined)
})

test('values too large for a Secret are rejected, and oversized variables are reported', () => {
  const large = jobEnvironmentOf(target, { username: 'u', password: 'p'.repeat(600_000) })
  assert.throws(() => renderSecret(large, 'x'), RangeError)
  assert.deepEqual(oversizedVariables(large), ['VMO_CONN_PASSWORD', 'AOA_CONN_PASSWORD'])
  assert.deepEqual(oversizedVariables(environment), [])
})

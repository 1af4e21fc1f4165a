import assert from 'node:assert/strict'
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { renderEnvFile } from '../../../src/core-api/jobs/render.ts'
import { NotOurs, shredSecretFile, writeSecretFile } from '../../../src/core-api/jobs/secret-file.ts'

const root = mkdtempSync(join(tmpdir(), 'secret-file-'))
after(() => rmSync(root, { recursive: true }))
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'))
  file = join(folder, 'job.env')
})
const text = renderEnvFile({ VMO_CONN_PASSWORD: 'needle' })

test('a file is for its owner alone, whatever the umask, and nothing else is left behind', async () => {
  const umask = process.umask(0)
  try {
    await writeSecretFile(file, text)
  } finally {
    process.umask(umask)
  }
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(folder), ['job.env'])
})

test('a file that others could read is replaced by one that they cannot', async () => {
  writeFileSync(file, 'former', { mode: 0o666 })
  await writeSecretFile(file, text)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('a link in the way is replaced, not followed', async () => {
  const elsewhere = join(folder, 'elsewhere')
  writeFileSync(elsewhere, 'untouched')
  symlinkSync(elsewhere, file)
  await writeSecretFile(file, text)
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched')
  assert.ok(statSync(file).isFile())
})

test('a folder that does not exist leaves nothing', async () => {
  await assert.rejects(writeSecretFile(join(folder, 'none', 'job.env'), text), { code: 'ENOENT' })
})

test('a target that cannot be replaced leaves nothing beside it', async () => {
  await assert.rejects(writeSecretFile(folder, text))
  assert.deepEqual(readdirSync(folder), [])
  assert.ok(!readdirSync(root).some((name) => name.startsWith('.case-')))
})

test('a removed file was overwritten first', async () => {
  await writeSecretFile(file, text)
  const second = join(folder, 'second-name')
  linkSync(file, second)
  assert.equal(await shredSecretFile(file), true)
  assert.equal(existsSync(file), false)
  const left = readFileSync(second)
  assert.equal(left.length, Buffer.byteLength(text))
  assert.ok(!left.includes('needle') && !left.includes('VMO_CONN'))
})

test('a file that is not there is no fault', async () => {
  assert.equal(await shredSecretFile(file), false)
})

test('what was not written here is left alone: other files, links, folders', async () => {
  writeFileSync(file, 'OTHER=1\n')
  await assert.rejects(shredSecretFile(file), NotOurs)
  writeFileSync(file, '')
  await assert.rejects(shredSecretFile(file), NotOurs)
  await writeSecretFile(join(folder, 'real.env'), text)
  symlinkSync(join(folder, 'real.env'), join(folder, 'link.env'))
  await assert.rejects(shredSecretFile(join(folder, 'link.env')), NotOurs)
  assert.equal(readFileSync(join(folder, 'real.env'), 'utf8'), text)
})

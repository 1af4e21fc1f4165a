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
import { ForeignFile, shredSecretFile, writeSecretFile } from '../../../src/core-api/jobs/secret-file.ts'

const root = mkdtempSync(join(tmpdir(), 'secret-file-'))
after(() => rmSync(root, { recursive: true }))
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'))
  file = join(folder, 'job.env')
})
const text = renderEnvFile({ VMO_CONN_PASSWORD: 'needle' })

test('a file is readable by its owner only, with any umask, and nothing else remains', async () => {
  const umask = process.umask(0)
  try {
    await writeSecretFile(file, text)
  } finally {
    process.umask(umask)
  }
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(folder), ['job.env'])
})

test('a file that others can read is replaced by one that they cannot', async () => {
  writeFileSync(file, 'previous', { mode: 0o666 })
  await writeSecretFile(file, text)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(readFileSync(file, 'utf8'), text)
})

test('a link in place of the file is replaced, not followed', async () => {
  const elsewhere = join(folder, 'elsewhere')
  writeFileSync(elsewhere, 'untouched')
  symlinkSync(elsewhere, file)
  await writeSecretFile(file, text)
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched')
  assert.ok(statSync(file).isFile())
})

test('nothing remains when the folder does not exist', async () => {
  await assert.rejects(writeSecretFile(join(folder, 'none', 'job.env'), text), { code: 'ENOENT' })
})

test('nothing remains when the target cannot be replaced', async () => {
  await assert.rejects(writeSecretFile(folder, text))
  assert.deepEqual(readdirSync(folder), [])
  assert.ok(!readdirSync(root).some((name) => name.startsWith('.case-')))
})

test('a file is overwritten before it is deleted', async () => {
  await writeSecretFile(file, text)
  const second = join(folder, 'second-name')
  linkSync(file, second)
  assert.equal(await shredSecretFile(file), true)
  assert.equal(existsSync(file), false)
  const left = readFileSync(second)
  assert.equal(left.length, Buffer.byteLength(text))
  assert.ok(!left.includes('needle') && !left.includes('VMO_CONN'))
})

test('a file that does not exist is not an error', async () => {
  assert.equal(await shredSecretFile(file), false)
})

test('other files, links and folders are not deleted', async () => {
  writeFileSync(file, 'OTHER=1\n')
  await assert.rejects(shredSecretFile(file), ForeignFile)
  writeFileSync(file, '')
  await assert.rejects(shredSecretFile(file), ForeignFile)
  await writeSecretFile(join(folder, 'real.env'), text)
  symlinkSync(join(folder, 'real.env'), join(folder, 'link.env'))
  await assert.rejects(shredSecretFile(join(folder, 'link.env')), ForeignFile)
  assert.equal(readFileSync(join(folder, 'real.env'), 'utf8'), text)
})

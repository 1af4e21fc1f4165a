import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHECKSUMS, writeChecksums } from '../../../infra/package/checksums.ts'
import { PYTHON_PACKAGES, VERSION } from '../../../infra/package/python-packages.ts'
import { sourceDate } from '../../../infra/package/source.ts'
import { PartMissing } from '../../../infra/parts/progress.ts'
import { documentation } from './docs/pages.ts'

test('every package has the version of the gateway, and its name', () => {
  for (const { name, folder } of PYTHON_PACKAGES) {
    const project = readFileSync(join(folder, 'pyproject.toml'), 'utf8')
    assert.match(project, new RegExp(`^name = "${name}"$`, 'm'))
    assert.match(project, new RegExp(`^version = "${VERSION.replaceAll('.', '\\.')}"$`, 'm'))
  }
})

test('the documentation installs the files of this version', () => {
  for (const [path, page] of documentation()) {
    for (const [file, version] of page.matchAll(
      /modelops[-_]gateway(?:_\w+|-chart)?-(\d[\d.]*\d)(?:-py3-none-any\.whl|\.tgz|\.tar\.gz|\.oci\.tar|\.intoto\.json)/g,
    )) {
      assert.equal(version, VERSION, `${path}: ${file}`)
    }
  }
})

test('the date of the packages is SOURCE_DATE_EPOCH, otherwise that of the commit', async () => {
  assert.equal(await sourceDate('1700000000'), 1_700_000_000)
  assert.ok((await sourceDate(undefined)) > 1_700_000_000)
})

for (const given of ['', 'today', '-1', '1.5', '0', '315532799']) {
  test(`SOURCE_DATE_EPOCH "${given}" is rejected by name`, async () => {
    const named = (error: unknown) => error instanceof PartMissing && error.message.includes(`received "${given}"`)
    await assert.rejects(sourceDate(given), named)
  })
}

test('a folder that is no checkout needs SOURCE_DATE_EPOCH, and the message says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-checkout-'))
  await assert.rejects(sourceDate(undefined, folder), /Set SOURCE_DATE_EPOCH/)
  rmSync(folder, { recursive: true })
})

test('checksums are those of sha256sum, one file a line, in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'checksums-'))
  writeFileSync(join(folder, 'b'), 'abc')
  writeFileSync(join(folder, 'a'), '')
  await writeChecksums(folder)
  assert.equal(
    readFileSync(join(folder, CHECKSUMS), 'utf8'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n' +
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n',
  )
  rmSync(folder, { recursive: true })
})

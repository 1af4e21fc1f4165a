import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: true
  readonly dev?: true
  readonly hasInstallScript?: true
}

const lockFiles = globSync('**/package-lock.json', { exclude: (path) => path.includes('node_modules') })
const packagesOf = (file: string) =>
  Object.entries((JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }).packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  )

/** Licences that an Apache-2.0 product can be shipped with (ASF category A). */
const PERMISSIVE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
])
/** Of packages that only development needs, and that no user gets. */
const FOR_DEVELOPMENT = new Set([...PERMISSIVE, 'Python-2.0', 'MPL-2.0', 'CC-BY-4.0', 'LGPL-3.0-or-later'])

const isAllowed = (license: string, allowed: ReadonlySet<string>) =>
  license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((each) => allowed.has(each)))

for (const file of lockFiles) {
  test(`${file}: every package has the digest of its content`, () => {
    for (const [path, { integrity }] of packagesOf(file)) assert.match(integrity ?? '', /^sha512-/, path)
  })

  test(`${file}: every licence permits what is done with the package`, () => {
    for (const [path, { license = 'none', dev }] of packagesOf(file))
      assert.ok(isAllowed(license, dev ? FOR_DEVELOPMENT : PERMISSIVE), `${path}: ${license}`)
  })
}

test('install scripts do not run', () => {
  assert.match(readFileSync('.npmrc', 'utf8'), /^ignore-scripts=true$/m)
})

test('every Python package is pinned with the digests of its files', () => {
  const files = globSync('infra/**/requirements*.txt')
  assert.ok(files.length > 10)
  for (const file of files) {
    const requirements = readFileSync(file, 'utf8').replaceAll('\\\n', ' ').split('\n')
    for (const line of requirements.filter((each) => /^\s*[\w-]/.test(each)))
      assert.match(line, /==\S+.*--hash=sha256:[0-9a-f]{64}/, `${file}: ${line.slice(0, 60)}`)
  }
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type * as z from 'zod'
import { VERSION } from '../../../infra/package/python-packages.ts'
import { PREVIOUS_RELEASE, RELEASES } from '../../../infra/release/releases.ts'
import { coreConfigSchema } from '../../../src/core-api/config.ts'
import { configSchema } from '../../../src/gateway/config/schema.ts'
import { childOf, fieldsOf, metadataOf, unwrap } from '../../../src/shared/settings/schema-walk.ts'
import { documentation } from './docs/pages.ts'

/** Each place outside of package.json that has the version, because another tool reads it there. */
const PLACES: readonly (readonly [file: string, pattern: RegExp, count: number])[] = [
  ['package-lock.json', /"name": "modelops-gateway",\n +"version": "([^"]+)"/g, 2],
  ['infra/helm/modelops-gateway/Chart.yaml', /^(?:v|appV)ersion: (.+)$/gm, 2],
  ['infra/mlflow/client/pyproject.toml', /^version = "(.+)"$/gm, 1],
  ['infra/airflow/auth-manager/pyproject.toml', /^version = "(.+)"$/gm, 1],
  ['docs/guides/deploy/server.md', /^modelops-gateway --version\n```\n\n```text\n(.+)$/gm, 1],
  ['docs/guides/operate/metrics.md', /^modelops_gateway_build_info\{version="([^"]+)"/gm, 1],
  ['docs/guides/deploy/kubernetes.md', /modelops-gateway:(\d[\w.-]*)/g, 1],
]

test('SECURITY.md names the minor versions that get fixes', () => {
  const minor = (version: string) => version.split('.', 2).join('.')
  const page = readFileSync('SECURITY.md', 'utf8')
  assert.ok(page.includes(`| the latest minor version, ${minor(VERSION)} |`))
  assert.ok(page.includes(`| the minor version before it, ${minor(PREVIOUS_RELEASE.version)} |`))
})

for (const [file, pattern, count] of PLACES) {
  test(`${file} has the version of package.json`, () => {
    const found = [...readFileSync(file, 'utf8').matchAll(pattern)].map(([, version]) => version)
    assert.deepEqual(
      found,
      Array.from({ length: count }, () => VERSION),
    )
  })
}

test('no page names an image or a package of another version', () => {
  for (const [path, page] of documentation()) {
    if (path === 'CHANGELOG.md' || path.endsWith('upgrade.md')) continue
    for (const [, version] of page.matchAll(/modelops[-_]gateway(?:_\w+)?[:-](\d+\.\d+\.\d+)/g))
      assert.equal(version, VERSION, path)
  }
})

test('the CHANGELOG begins with this version, and every release in it has a date and its commit', () => {
  const headings = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (\S+) \((.+)\)$/gm)]
  assert.equal(headings[0]?.[1], VERSION)
  const released = headings.filter(([, , date]) => date !== 'unreleased')
  assert.deepEqual(
    released.map(([, version]) => version).reverse(),
    RELEASES.map(({ version }) => version).filter((version) => released.some(([, each]) => each === version)),
  )
  for (const [, , date = ''] of released) assert.match(date, /^\d{4}-\d{2}-\d{2}$/)
  for (const { commit } of RELEASES) assert.match(commit, /^[0-9a-f]{40}$/)
  assert.notEqual(headings.slice(1).length, 0)
  assert.ok(released.some(([, version]) => version === PREVIOUS_RELEASE.version))
})

/** Every `removedIn` of a configuration, by the dotted path of its key. */
function deadlines(schema: z.ZodType, path = ''): [string, string][] {
  const bare = unwrap(schema)
  const entry = childOf(bare, '0', undefined)
  const fields =
    entry && Object.keys(fieldsOf(bare, undefined)).length === 0 ? { '[]': entry } : fieldsOf(bare, undefined)
  return Object.entries(fields).flatMap(([name, field]) => {
    const { renamed, replaced } = metadataOf(field)
    const own = [renamed?.removedIn, replaced?.removedIn].filter((version) => version !== undefined)
    return [
      ...own.map((version): [string, string] => [`${path}.${name}`, version]),
      ...deadlines(field, `${path}.${name}`),
    ]
  })
}

const isLater = (version: string, than: string) =>
  version.localeCompare(than, 'en', { numeric: true, sensitivity: 'base' }) > 0

test('no previous name of a key is accepted for longer than promised', () => {
  const found = [...deadlines(configSchema), ...deadlines(coreConfigSchema)]
  assert.ok(found.length >= 3, 'no deadline was found')
  for (const [path, version] of found)
    assert.ok(isLater(version, VERSION), `${path}: its previous name ends with ${version}. Remove it from the schema.`)
})

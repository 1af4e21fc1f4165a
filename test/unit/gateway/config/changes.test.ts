import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configJsonSchema } from '../../../../src/cli/schema.ts'
import { changesOf, keysOf, RELOADABLE, restartErrors } from '../../../../src/gateway/config/changes.ts'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'

const config = parseConfig(
  JSON.stringify({
    server: { publicUrl: 'http://127.0.0.1:4180' },
    issuer: { url: 'http://127.0.0.1:1', clientId: 'gateway', clientSecret: 'a client secret' },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
  }),
  'changes.yaml',
)

/** The same with another value under one dotted path. */
function changed(path: string): Config {
  const copy = structuredClone(config)
  const [section = '', key] = path.split('.')
  const holder = key === undefined ? copy : Reflect.get(copy, section)
  Reflect.set(holder, key ?? section, 'another-value')
  return copy
}

test('the table of reloads has every key of the schema, once', () => {
  interface Section {
    properties?: Record<string, { deprecated?: boolean }>
  }
  const { properties: sections = {} } = configJsonSchema() as { properties?: Record<string, Section> }
  const current = ({ properties = {} }: Section) =>
    Object.keys(properties).filter((key) => !properties[key]?.deprecated)
  assert.deepEqual(Object.keys(RELOADABLE).sort(), Object.keys(sections).sort())
  for (const [name, takes] of Object.entries(RELOADABLE)) {
    if (typeof takes === 'string') continue
    assert.deepEqual(Object.keys(takes).sort(), current(sections[name] ?? {}).sort(), name)
  }
})

for (const { path, takes } of keysOf(RELOADABLE)) {
  test(`a change of ${path} takes a ${takes}`, () => {
    const next = changed(path)
    assert.deepEqual(changesOf(config, next), [{ path, takes }])
    const errors = restartErrors(config, next)
    assert.deepEqual(
      errors.map((error) => error.path),
      takes === 'restart' ? [path] : [],
    )
    assert.doesNotMatch(JSON.stringify(errors), /another-value/)
  })
}

test('a file without changes has no differences', () => {
  assert.deepEqual(changesOf(config, structuredClone(config)), [])
})

test('the guide names every key that takes a restart', () => {
  const guide = readFileSync(
    join(import.meta.dirname, '../../../../docs/guides/operate/change-configuration.md'),
    'utf8',
  )
  const said = guide.split('\n\n').find((paragraph) => paragraph.includes('`server.listen`')) ?? ''
  for (const { path, takes } of keysOf(RELOADABLE)) {
    const name = path.includes('.') ? path : `${path}.*`
    assert.equal(said.includes(`\`${name}\``), takes === 'restart', name)
  }
})

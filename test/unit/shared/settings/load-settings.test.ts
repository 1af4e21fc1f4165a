import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as z from 'zod'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'
import { filePath, seconds, storeAddress } from '../../../../src/shared/settings/fields.ts'
import { type LoadOptions, parseSettings } from '../../../../src/shared/settings/load-settings.ts'
import { metadata } from '../../../../src/shared/settings/metadata.ts'
import { readSettingsFile } from '../../../../src/shared/settings/read-file.ts'

const schema = z.strictObject({
  name: z.string().optional(),
  store: storeAddress.default('sqlite:state.db'),
  files: z.array(z.strictObject({ path: filePath })).default([]),
  limits: z
    .strictObject({
      idleSeconds: seconds(1, 100)
        .default(10)
        .register(metadata, { renamed: { from: 'quietSeconds', removedIn: '9.0.0' } }),
    })
    .prefault({}),
  routes: z
    .array(
      z.strictObject({
        waitSeconds: seconds(1, 100)
          .optional()
          .register(metadata, { renamed: { from: 'answerSeconds', removedIn: '9.0.0' } }),
      }),
    )
    .default([]),
  clientSecret: z.string().min(8).optional(),
  url: z.url({ error: 'expected a URL' }).optional(),
  level: z.enum(['low', 'high']).optional(),
})
const rules = { schema, checks: () => [] }
const parse = (text: string, env: NodeJS.ProcessEnv = {}, options: LoadOptions = {}) =>
  parseSettings(rules, text, '/etc/app/settings.yaml', env, options)

function errorOf(text: string, env: NodeJS.ProcessEnv = {}, options: LoadOptions = {}): ConfigurationError {
  try {
    parse(text, env, options)
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
  assert.fail('accepted')
}

test('relative paths start at the folder of the file, also in defaults', () => {
  assert.equal(parse('{}').store, 'sqlite:/etc/app/state.db')
  assert.equal(parse('store: sqlite:data/x.db').store, 'sqlite:/etc/app/data/x.db')
  assert.equal(parse('files: [{ path: ../projects.yaml }]').files[0]?.path, '/etc/projects.yaml')
})

test('absolute paths, a database in memory and other addresses stay as they are', () => {
  assert.equal(parse('store: sqlite:/var/lib/x.db').store, 'sqlite:/var/lib/x.db')
  assert.equal(parse('store: "sqlite::memory:"').store, 'sqlite::memory:')
  assert.equal(parse('store: memory').store, 'memory')
  assert.equal(parse('store: redis://redis:6379').store, 'redis://redis:6379')
  assert.equal(parse('files: [{ path: /etc/x.yaml }]').files[0]?.path, '/etc/x.yaml')
})

test('a previous name is accepted, with one warning for each name', () => {
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  const text = 'limits: { quietSeconds: 5 }\nroutes: [{ answerSeconds: 1 }, { answerSeconds: 2 }]'
  const settings = parse(text, {}, { warn })
  assert.equal(settings.limits.idleSeconds, 5)
  assert.deepEqual(
    settings.routes.map(({ waitSeconds }) => waitSeconds),
    [1, 2],
  )
  assert.deepEqual(warnings, [
    'limits.quietSeconds is now called idleSeconds. The previous name is accepted before 9.0.0: `modelops-gateway config migrate` renames it.',
    'routes.0.answerSeconds is now called waitSeconds. The previous name is accepted before 9.0.0: `modelops-gateway config migrate` renames it.',
  ])
})

test('the current name warns of nothing', () => {
  parse('limits: { idleSeconds: 5 }', {}, { warn: (message) => assert.fail(message) })
})

test('both names of a key are refused, and the value of a previous name is validated', () => {
  assert.deepEqual(
    errorOf('limits: { quietSeconds: 5, idleSeconds: 5 }').errors.map(({ path }) => path),
    ['limits.quietSeconds'],
  )
  const [error] = errorOf('limits: { quietSeconds: 0 }').errors
  assert.equal(error?.path, 'limits.idleSeconds')
  assert.deepEqual(error?.position, { line: 1, column: 25, length: 1 })
})

test('a previous name is accepted at its own place only', () => {
  assert.equal(errorOf('quietSeconds: 5').errors[0]?.path, 'quietSeconds')
  assert.equal(errorOf('routes: [{ quietSeconds: 5 }]').errors[0]?.path, 'routes.0.quietSeconds')
})

test('without secrets, references that are not there are accepted where any text is', () => {
  const text = [
    'name: "${env:NAME}"',
    'clientSecret: "${file:/nowhere/secret}"',
    'url: "https://${env:HOST}/x"',
    'level: "${env:LEVEL}"',
  ].join('\n')
  assert.deepEqual(
    errorOf(text).errors.map(({ path }) => path),
    ['name', 'clientSecret', 'url', 'level'],
  )
  const settings = parse(text, {}, { withoutSecrets: true })
  assert.match(settings.url ?? '', /^https:\/\/.+\/x$/)
  assert.equal(settings.level, 'low')
})

test('without secrets, references that are there are validated, and so is everything else', () => {
  const options = { withoutSecrets: true }
  assert.equal(errorOf('url: "${env:URL}"', { URL: 'nonsense' }, options).errors[0]?.path, 'url')
  assert.equal(errorOf('level: "${env:LEVEL}"', { LEVEL: 'middle' }, options).errors[0]?.path, 'level')
  assert.equal(errorOf('{ name: "${env:NAME}", level: middle }', {}, options).errors[0]?.path, 'level')
  assert.equal(errorOf('limits: { idleSeconds: "${env:IDLE}" }', {}, options).errors[0]?.path, 'limits.idleSeconds')
})

test('a check that depends on a missing value is left out without secrets', () => {
  const checks = () => [{ path: 'name', expected: 'the name of the level', dependsOn: ['level'] }]
  const load = (env: NodeJS.ProcessEnv) =>
    parseSettings({ schema, checks }, 'name: x\nlevel: "${env:LEVEL}"', 'settings.yaml', env, { withoutSecrets: true })
  assert.equal(load({}).name, 'x')
  assert.throws(() => load({ LEVEL: 'low' }), /name: expected the name of the level, got "x"/)
})

test('a file without references keeps their text', () => {
  const settings = parseSettings({ ...rules, references: false }, 'name: "${env:HOME}"', 'settings.yaml', {
    HOME: '/x',
  })
  assert.equal(settings.name, '${env:HOME}')
})

const SECRETS: [string, string, NodeJS.ProcessEnv?][] = [
  ['a short secret', 'clientSecret: hunter2'],
  ['a secret beside a mistake', '{ clientSecret: hunter2-and-more, nmae: x }'],
  ['a misspelt secret', 'clientSecert: hunter2'],
  ['a value of an unknown key', 'password-of-db: { x: hunter2 }'],
  ['a comment', 'nmae: x # hunter2'],
  ['a URL with a password', 'store: postgres://me:hunter2@db'],
  ['a password with a slash', 'url: "//me:a/hunter2@db"'],
  ['a value from the environment', 'level: "${env:LEVEL}"', { LEVEL: 'hunter2' }],
  ['a value that contains one', 'url: "x${env:URL}"', { URL: 'hunter2' }],
  ['a quote that is not closed', 'clientSecret: "hunter2'],
  ['the same in braces', '{ name: x, clientSecret: "hunter2 }'],
  ['the same without a space', '{ name: x, clientSecret:hunter2, level'],
  ['a secret over several lines', 'clientSecret: "a\nhunter2=\n  b: "c"'],
  ['a wrong escape', 'clientSecret: "\\hunter2"'],
  ['a special character', 'clientSecret: %hunter2'],
  ['an alias', 'clientSecret: *hunter2'],
  ['a tag', 'clientSecret: !vault hunter2'],
]
for (const [name, text, env] of SECRETS) {
  test(`no message shows ${name}`, () => {
    const error = errorOf(text, env)
    assert.doesNotMatch(`${error.report()}\n${error.message}\n${JSON.stringify(error.errors)}`, /hunter2/)
  })
}

test('a mapping as a key, such as a template that was not filled in, reaches no warning of the process', (t) => {
  const warned = t.mock.method(process, 'emitWarning', () => {})
  assert.doesNotMatch(errorOf('clientSecret: {{ hunter2 }}').report(), /hunter2/)
  assert.doesNotMatch(errorOf('clientSecret: { [hunter2]: x, hunter2: y }').report(), /hunter2/)
  assert.doesNotMatch(errorOf('level: { ? { a: hunter2 } : x }').report(), /hunter2/)
  assert.deepEqual(
    warned.mock.calls.map(({ arguments: [text] }) => text),
    [],
  )
})

test('control characters do not reach the terminal', () => {
  assert.doesNotMatch(errorOf('level: "\u001b[31mlow"').report(), /\u001b/)
})

test('a file that cannot be read, is a folder or is not UTF-8 is one error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-settings-'))
  mkdirSync(join(folder, 'folder.yaml'))
  writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('name: x', 'utf16le'))
  writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('name: caf\u00e9', 'latin1'))
  assert.throws(() => readSettingsFile(join(folder, 'none.yaml')), /expected a readable YAML file, got ENOENT/)
  assert.throws(() => readSettingsFile(join(folder, 'folder.yaml')), /got EISDIR/)
  assert.throws(() => readSettingsFile(join(folder, 'latin1.yaml')), /expected text in UTF-8/)
  assert.throws(() => readSettingsFile(join(folder, 'utf16.yaml')), /expected text in UTF-8/)
})

test('aliases within the file may be used, but not without end', () => {
  assert.equal(parse('name: &x low\nlevel: *x').level, 'low')
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]',
    'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
  ]
  assert.match(errorOf(bomb.join('\n')).message, /at most 100 uses of aliases/)
  for (const endless of ['level: &x [*x]', '&x { name: *x }', 'name: &x { level: [&y [*x], *y] }'])
    assert.match(errorOf(endless).report(), /:1:\d+: [\s\S]*an alias within the value that it stands for/)
})

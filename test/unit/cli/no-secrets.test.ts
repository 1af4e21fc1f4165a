import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bundledProgram } from '../../cli/bundled.ts'

/** `check` and `explain` where there are no secrets and no servers, as in a CI job. */
const ROOT = join(import.meta.dirname, '../../..')
const EXAMPLE = join(ROOT, 'config/gateway.yaml')
const folder = mkdtempSync(join(tmpdir(), 'gateway-ci-'))
after(() => rmSync(folder, { recursive: true }))

const [node = '', ...program] = await bundledProgram()
function run(...args: string[]) {
  const env = { PATH: process.env.PATH }
  return spawnSync(node, [...program, ...args], { env, encoding: 'utf8' })
}

/** The example with a text replaced. */
function edited(from: string, to: string): string {
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, readFileSync(EXAMPLE, 'utf8').replace(from, to))
  return file
}

test('without secrets, the example is valid only with --no-secrets', () => {
  const strict = run('check', '--config', EXAMPLE)
  assert.equal(strict.status, 1)
  assert.match(strict.stderr, /2 errors in /)
  const { status, stdout, stderr } = run('check', '--offline', '--no-secrets', '--config', EXAMPLE)
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /configuration is valid; no server was contacted/)
})

test('--no-secrets still finds every other mistake', () => {
  const { status, stderr } = run('check', '--no-secrets', '--config', edited('adminGroup', 'adminGruop'))
  assert.equal(status, 1)
  assert.match(stderr, /Did you mean `adminGroup`\?/)
})

test('--online needs the secrets, and is not offline', () => {
  assert.match(run('check', '--online', '--no-secrets', '--config', EXAMPLE).stderr, /^--online: expected the secrets/)
  assert.match(
    run('check', '--online', '--offline', '--config', EXAMPLE).stderr,
    /cannot be used with option '--offline'/,
  )
})

test('explain decides without secrets', () => {
  const options = ['--config', EXAMPLE, '--url', '/mlflow/', '--user', 'bob', '--groups', 'project-alpha']
  assert.equal(run('explain', ...options).status, 1)
  const allowed = run('explain', '--offline', '--no-secrets', ...options)
  assert.equal(allowed.status, 0, allowed.stderr)
  assert.match(allowed.stdout, /project +alpha/)
  const denied = run(
    'explain',
    '--offline',
    '--no-secrets',
    '--config',
    EXAMPLE,
    '--url',
    '/mlflow/',
    '--groups',
    'nobody',
  )
  assert.equal(denied.status, 3)
})

test('explain --offline does not guess the projects of a core API', () => {
  const file = edited('  source: file\n  path: projects.yaml', '  source: core\n  url: http://127.0.0.1:1')
  const { status, stderr } = run('explain', '--offline', '--no-secrets', '--config', file, '--url', '/mlflow/')
  assert.equal(status, 1)
  assert.match(stderr, /^--offline: projects\.source is core/)
})

test('a key under its previous name is accepted with one warning', () => {
  const file = edited('access:', 'limits: { answerIdleSeconds: 60 }\naccess:')
  const { status, stderr } = run('check', '--no-secrets', '--config', file)
  assert.equal(status, 0, stderr)
  assert.match(stderr, /gateway\.yaml: warning: limits\.answerIdleSeconds is now called responseIdleSeconds\./)
})

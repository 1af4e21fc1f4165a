import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, mock, test } from 'node:test'
import type { Command } from 'commander'
import { checkCommand } from '../../../src/cli/check/command.ts'
import { explainCommand } from '../../../src/cli/explain.ts'
import { ConfigurationError } from '../../../src/shared/settings/field-errors.ts'
import { gitHubClaims } from '../../workload-tokens.ts'
import { part } from '../gateway/tokens/kit.ts'

/** `check` and `explain` with rules over claims. */
const ALPHA = '11111111-1111-4111-8111-111111111111'
const GITHUB = 'https://token.actions.githubusercontent.com'
const folder = mkdtempSync(join(tmpdir(), 'gateway-rules-'))
after(() => rmSync(folder, { recursive: true }))

type Section = Record<string, unknown>

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, as `main.ts` would. */
async function run(command: Command, ...args: string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' }
  mock.method(console, 'log', (line: string) => (printed.stdout += `${line}\n`))
  mock.method(console, 'error', (line: string) => (printed.stderr += `${line}\n`))
  try {
    await command.parseAsync(args, { from: 'user' })
    return { status: Number(process.exitCode ?? 0), ...printed }
  } catch (error) {
    const report = error instanceof ConfigurationError ? error.report() : String(error)
    return { status: 1, stdout: printed.stdout, stderr: printed.stderr + report }
  } finally {
    mock.restoreAll()
    process.exitCode = undefined
  }
}

function configuration(rules: Section[] | undefined, over: Section = {}): string {
  const file = join(folder, 'gateway.json')
  const config = {
    server: { publicUrl: 'https://o.example' },
    issuer: {
      ...{ url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a client secret' },
      additional: [{ url: GITHUB, audiences: ['https://o.example'], rules }],
    },
    session: { secrets: ['a session secret of 32 bytes or more'] },
    access: { adminGroup: 'modelops-admins', serviceUsers: ['ci-service'] },
    projects: { source: 'static', list: [{ id: ALPHA, name: 'alpha', groups: ['project-alpha'] }] },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:1', access: 'project' },
      { name: 'lobby', app: 'generic', path: '/lobby', upstream: 'http://127.0.0.1:1', access: 'login' },
    ],
    ...over,
  }
  writeFileSync(file, JSON.stringify(config, null, 2))
  return file
}

const rule = (name: string, claims: Section, over: Section = {}) => ({
  name,
  claims,
  project: 'alpha',
  role: 'editor',
  ...over,
})
const RULES = [
  rule('train-alpha', { repository_id: '74001', ref: 'refs/heads/*', event_name: 'push' }),
  rule('elsewhere', { repository_id: '99', repository_owner_id: '98', environment: 'production' }),
]

function explain(claims: Section, url = '/mlflow/api/2.0/mlflow/runs/create', ...options: string[]) {
  const token = join(folder, 'token.txt')
  const now = Math.floor(Date.now() / 1000)
  const all = { ...gitHubClaims({ iss: GITHUB, aud: 'https://o.example', now }), ...claims }
  writeFileSync(token, `${part({ alg: 'RS256', typ: 'JWT' })}.${part(all)}.c2ln\n`)
  const file = configuration(RULES)
  return run(explainCommand(), '--config', file, '--method', 'POST', '--url', url, '--token-file', token, ...options)
}

test('explain says which rule matched', async () => {
  const { status, stdout, stderr } = await explain({})
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^role +editor$/m)
  assert.match(stdout, /^project +alpha \(1111/m)
  assert.match(stdout, new RegExp(`^rule +train-alpha matches: editor of ${ALPHA}$`, 'm'))
})

test('explain says which rule came nearest, and which claim failed', async () => {
  const { status, stdout } = await explain({ ref: 'refs/heads/feature/x', event_name: 'Push' })
  assert.equal(status, 3)
  assert.match(stdout, /^decision +denied \(403\)$/m)
  assert.match(stdout, /^reason +no-rule-matches: /m)
  assert.match(stdout, /^rule +none matches; train-alpha comes nearest$/m)
  assert.match(stdout, /^claim +ref: expected refs\/heads\/\*, got refs\/heads\/feature\/x$/m)
  assert.match(stdout, /^claim +event_name: expected push, got Push \(in other case\)$/m)
  assert.match(
    (await explain({ repository_id: 74001 })).stdout,
    /repository_id: expected 74001, got a number, which never/,
  )
  assert.match(
    (await explain({ repository_id: ['74001'] })).stdout,
    /repository_id: expected 74001, got a list, which never/,
  )
  assert.match((await explain({ event_name: undefined })).stdout, /event_name: expected push, got no such claim/)
})

test('a token that no rule matches is denied on a route that asks for nothing but a sign-in', async () => {
  assert.equal((await explain({ repository_id: '5' }, '/lobby/')).status, 3)
  assert.equal((await explain({}, '/lobby/')).status, 0)
})

test('explain names another audience, another issuer, and an expired token', async () => {
  const audience = await explain({ aud: 'https://github.com/acme' })
  assert.equal(audience.status, 3)
  assert.match(audience.stdout, /^reason +token-invalid/m)
  assert.match(audience.stdout, /^token +aud: expected https:\/\/o\.example; got https:\/\/github\.com\/acme$/m)
  assert.match(audience.stdout, /^rule +train-alpha matches/m)
  const issuer = await explain({ iss: `${GITHUB}/` })
  assert.equal(issuer.status, 3)
  assert.match(
    issuer.stdout,
    new RegExp(`^token +iss: expected https://sso.example or ${GITHUB}, exactly; got ${GITHUB}/$`, 'm'),
  )
  const expired = await explain({ exp: 1 })
  assert.equal(expired.status, 0)
  assert.match(expired.stdout, /^token +exp: the token has expired/m)
})

test('explain prints the rules as JSON', async () => {
  const { token } = JSON.parse((await explain({ ref: 'refs/tags/v1' }, undefined, '--json')).stdout)
  assert.deepEqual(token, {
    notes: [],
    grants: [],
    nearest: { rule: 'train-alpha', unmet: [{ claim: 'ref', expected: 'refs/heads/*', received: 'refs/tags/v1' }] },
  })
})

test('a token of the main issuer is compared with no rule, and a service user is an administrator', async () => {
  const own = { iss: 'https://sso.example', aud: 'gateway', typ: 'Bearer', sub: 's', groups: ['project-alpha'] }
  const member = await explain(own)
  assert.equal(member.status, 0, member.stderr)
  assert.match(member.stdout, /^groups +project-alpha$/m)
  assert.doesNotMatch(member.stdout, /^rule/m)
  const machine = { ...own, azp: 'ci-service', preferred_username: 'service-account-ci-service', groups: [] }
  assert.match((await explain(machine, `/mlflow/${ALPHA}/api/2.0/mlflow/runs/create`)).stdout, /^role +admin$/m)
})

test('a file that is no token is named', async () => {
  const token = join(folder, 'token.txt')
  writeFileSync(token, 'not.a.token')
  const { status, stderr } = await run(
    explainCommand(),
    '--config',
    configuration(RULES),
    '--url',
    '/lobby/',
    '--token-file',
    token,
  )
  assert.equal(status, 1)
  assert.match(stderr, /--token-file: expected a file with a JWT.*end the line with `\.x`/)
})

const check = async (rules: Section[] | undefined, over: Section = {}) => {
  const { status, stderr } = await run(checkCommand(), '--config', configuration(rules, over))
  assert.equal(status, 0, stderr)
  return stderr
}

test('check has no warnings about good rules', async () => assert.equal(await check(RULES), ''))

test('check warns about rules that add nothing', async () => {
  const wide = rule('wide', { repository_id: '74001', ref: 'refs/heads/*', event_name: 'push' })
  const narrow = { repository_id: '74001', ref: 'refs/heads/main', event_name: 'push' }
  assert.match(await check([wide, rule('narrow', narrow)]), /rules\.1\n[\s\S]*The rule wide matches each token/)
  assert.match(await check([wide, rule('same', wide.claims)]), /rules\.1\n/)
  assert.match(await check([rule('narrow', narrow, { role: 'viewer' }), wide]), /rules\.0\n[\s\S]*The rule wide/)
  assert.equal(await check([{ ...wide, role: 'viewer' }, rule('narrow', narrow)]), '')
})

test('check warns about rules that cannot match', async () => {
  const dotted = { repository_id: '74001', event_name: 'push', 'kubernetes.io.namespace': 'ml' }
  assert.match(await check([rule('a', dotted)]), /never matches\. Write \/kubernetes\.io\/namespace\./)
  const projects = join(folder, 'projects.json')
  writeFileSync(projects, JSON.stringify([{ id: ALPHA, name: 'alpha', groups: ['g'] }]))
  const gone = rule('a', RULES[0]?.claims ?? {}, { project: '99999999-9999-4999-8999-999999999999' })
  assert.match(
    await check([gone], { projects: { source: 'file', path: projects } }),
    /expected: a project of the projects file/,
  )
})

test('check recommends IDs, and which runs are meant', async () => {
  assert.match(
    await check([rule('a', { repository: 'acme/train', event_name: 'push' })]),
    /expected: repository_id beside repo/,
  )
  assert.match(
    await check([rule('a', { project_path: 'acme/train', event_name: 'push' })]),
    /expected: project_id beside proj/,
  )
  assert.match(await check([rule('a', { repository_id: '1', ref: 'refs/heads/main' })]), /pull_request_target/)
  assert.equal(await check([rule('a', { repository_id: '1' }, { role: 'viewer' })]), '')
})

test('check warns about an issuer that everybody can get tokens of, without rules', async () =>
  assert.match(await check(undefined), /everybody with such a token is signed in/))

test('check reads a file with keys', async () => {
  const keys = join(folder, 'keys.json')
  const over = {
    issuer: {
      url: 'https://sso.example',
      clientId: 'g',
      clientSecret: 'a client secret',
      additional: [{ url: 'https://k.example', audiences: ['x'], jwksFile: keys }],
    },
  }
  const failing = await run(checkCommand(), '--config', configuration(undefined, over))
  assert.equal(failing.status, 1)
  assert.match(failing.stderr, /JSON Web Key Set/)
  writeFileSync(keys, '{"keys": []}')
  await check(undefined, over)
})

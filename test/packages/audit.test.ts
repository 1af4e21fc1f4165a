import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { createGunzip } from 'node:zlib'

/** `npm run audit` with the real npm and pip-audit, against registries whose advisories the test decides. */
let npmAdvisories: Record<string, unknown> = {}
let pythonAdvisories: Record<string, unknown> = {}
const asked: string[] = []
const servers: Server[] = []
const environment: Record<string, string> = {}

before(async () => {
  const registry = await listen(async (request) => {
    const body = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request
    asked.push(...Object.keys((await json(body)) as object))
    return npmAdvisories
  })
  const osv = await listen(async (request) => {
    const { name } = ((await json(request)) as { package: { name: string } }).package
    asked.push(name)
    return pythonAdvisories[name] ?? {}
  })
  Object.assign(environment, { AUDIT_NPM_REGISTRY: registry, AUDIT_OSV_URL: `${osv}/v1/query` })
})
after(() => servers.map((server) => server.close()))

async function listen(respond: (request: import('node:http').IncomingMessage) => Promise<unknown>): Promise<string> {
  const server = createServer(async (request, response) => {
    const isQuery = request.method === 'POST'
    response.writeHead(isQuery ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isQuery ? await respond(request) : {}))
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port')
  return `http://127.0.0.1:${address.port}`
}

async function audit(over: Record<string, string> = {}) {
  const env = { ...process.env, ...environment, ...over }
  const child = spawn('npm', ['run', '-s', 'audit'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  if (child.exitCode === null) await once(child, 'exit')
  return { code: child.exitCode, stdout, stderr }
}

test('every pinned package of npm and Python is asked for, and nothing is open', { timeout: 600_000 }, async () => {
  const { code, stdout, stderr } = await audit()
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^No open advisory\. 0 allowed\.$/m)
  for (const name of ['openid-client', 'jose', 'oidc-provider', 'mlflow', 'apache-airflow', 'pip-audit'])
    assert.ok(asked.includes(name), `${name} was not asked for`)
})

test('an advisory of each registry fails the audit, with the file and what to do', { timeout: 600_000 }, async () => {
  const url = 'https://advisories.example/GHSA-aaaa-bbbb-cccc'
  npmAdvisories = {
    jose: [{ id: 1, url, title: 'jose accepts everything', severity: 'high', vulnerable_versions: '<99', cwe: [] }],
  }
  const ranges = [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '99' }] }]
  const dates = { published: '2026-01-01T00:00:00Z', modified: '2026-01-01T00:00:00Z' }
  const affected = [{ package: { name: 'hatchling', ecosystem: 'PyPI' }, ranges }]
  pythonAdvisories = { hatchling: { vulns: [{ id: 'PYSEC-2099-1', summary: 'too much', affected, ...dates }] } }
  const { code, stdout } = await audit()
  assert.equal(code, 1)
  assert.match(stdout, /^GHSA-aaaa-bbbb-cccc concerns jose in package-lock\.json: jose accepts everything\. Update/m)
  assert.match(stdout, /^PYSEC-2099-1 concerns hatchling in infra\/package\/requirements\.txt: too much\. Update/m)
})

test('a registry without advisories is no success', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await audit({ AUDIT_NPM_REGISTRY: 'http://127.0.0.1:9' })
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /The npm registry sent no advisories\. Name a registry/)
})

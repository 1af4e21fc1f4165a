import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Deployment, startDeployment } from './deployment.ts'
import { portOf } from './front.ts'
import { MISTAKES } from './mistakes.ts'
import { reportOf, runSelftest } from './run-selftest.ts'

let deployment: Deployment
before(async () => {
  deployment = await startDeployment()
})
after(() => deployment?.close())

const url = () => `https://localhost:${deployment.port}`

for (const [what, options, message] of [
  ['nobody confirmed the host', () => ['--url', url()], /nothing was sent.+--i-own localhost/],
  [
    'another host is confirmed',
    () => ['--url', url(), '--i-own', 'ocalhost', '--i-own', 'localhost.example'],
    /--i-own localhost/,
  ],
  [
    'the host of an upstream is not confirmed',
    () => ['--url', url(), '--i-own', 'localhost', '--upstream', '127.0.0.1:1'],
    /--i-own 127\.0\.0\.1/,
  ],
  [
    'the host of an admin listener is not confirmed',
    () => ['--url', url(), '--i-own', 'localhost', '--admin', '[::1]:1'],
    /--i-own ::1/,
  ],
  ['the URL has a path', () => ['--url', `${url()}/mlflow`, '--i-own', 'localhost'], /expected an origin/],
  ['the URL has a user', () => ['--url', `https://a:b@localhost`, '--i-own', 'localhost'], /expected an origin/],
  ['the URL is missing', () => ['--i-own', 'localhost'], /--url/],
  ['a section does not exist', () => ['--url', url(), '--i-own', 'localhost', '--only', 'nothing'], /--only/],
  ['a format does not exist', () => ['--url', url(), '--i-own', 'localhost', '--format', 'pdf'], /--format/],
  [
    'the token is not in a file',
    () => ['--url', url(), '--i-own', 'localhost', '--token-file', '/nothing'],
    /--token-file: expected a readable file/,
  ],
] satisfies [string, () => string[], RegExp][])
  test(`exit code 2 and not one request if ${what}`, async () => {
    const requests: number[] = []
    const front = await deployment.front([{ name: 'counts', onRequest: () => void requests.push(1) }])
    const { exitCode, stderr, stdout } = await runSelftest(options())
    front.close()
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, message)
    assert.deepEqual([stdout, requests], ['', []])
  })

test('exit code 3 if the target does not respond: no case passes', async () => {
  const report = await reportOf(['--url', `https://localhost:${deployment.unreachable}`, '--i-own', 'localhost'])
  assert.equal(report.exitCode, 3)
  assert.deepEqual([report.counts.passed, report.counts.failed], [0, 0])
})

test('exit code 3 if the target closes every connection, or says that it is unable to respond: no case passes', async () => {
  for (const reply of ['', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n']) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(reply))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const report = await reportOf(['--url', `http://127.0.0.1:${portOf(server)}`, '--i-own', '127.0.0.1'])
    server.close()
    assert.equal(report.exitCode, 3)
    assert.deepEqual([report.counts.passed, report.counts.failed], [0, 0])
  }
})

test('a target that ends in the middle leaves cases without a result, not passed', async () => {
  let requests = 0
  const front = await deployment.front([
    {
      name: 'ends',
      onRequest: () => {
        requests += 1
        return requests > 40 ? { response: '' } : undefined
      },
    },
  ])
  const report = await reportOf([...deployment.options, '--only', 'identity,redirects,headers,leaks'])
  front.close()
  assert.equal(report.exitCode, 3)
  for (const { id, status } of report.cases.slice(-15)) assert.equal(status, 'not run', id)
})

test('tokens and cookies are in no report, in whatever format, although the target returns them', async () => {
  for (const kind of ['bearer', 'cookie'] as const)
    for (const format of ['text', 'json', 'sarif', 'html']) {
      const [secret = ''] = kind === 'bearer' ? deployment.secrets : deployment.secrets.slice(2)
      const value = secret.slice(secret.indexOf('=') + 1)
      const location = `Location: https://${value}.example/${value}`
      const onRequest = () => ({ response: `HTTP/1.1 302 Found\r\n${location}\r\nContent-Length: 0\r\n\r\n` })
      const front = await deployment.front([{ name: 'returns a secret', onRequest }])
      const file = join(deployment.folder, `report.${format}`)
      const output = ['--format', format, '--output', file, '--only', 'identity,redirects,paths']
      await runSelftest([...deployment.options, ...deployment.accounts[kind], ...output])
      front.close()
      const report = readFileSync(file, 'utf8').toLowerCase()
      assert.match(report, /another origin/)
      for (const each of deployment.secrets)
        assert.ok(!report.includes(each.slice(each.indexOf('=') + 1).toLowerCase()), `${kind} ${format}`)
    }
})

test('an account is not used if the certificate is not accepted: its token never leaves this machine', async () => {
  const seen: string[] = []
  const front = await deployment.front([{ name: 'listens', onRequest: (request) => void seen.push(request) }])
  const untrusted = deployment.options.filter((each) => each !== '--ca' && each !== deployment.authority.cert)
  const report = await reportOf([...untrusted, ...deployment.accounts.bearer])
  front.close()
  assert.equal(report.cases.find(({ id }) => id === 'tls-certificate')?.status, 'fail')
  assert.match(report.cases.find(({ id }) => id === 'projects-own')?.detail ?? '', /certificate is not accepted/)
  assert.ok(seen.join().includes('GET /notes/'))
  for (const secret of deployment.secrets) assert.ok(!seen.join().includes(secret))
})

test('a redirect is never followed, and only the confirmed host gets a request', async () => {
  let elsewhere = 0
  const other = createServer((socket) => {
    elsewhere += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  const response = `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${portOf(other)}/\r\nContent-Length: 0\r\n\r\n`
  const front = await deployment.front([{ name: 'redirects', onRequest: () => ({ response }) }])
  const report = await reportOf([...deployment.options, '--only', 'redirects,paths'])
  front.close()
  other.close()
  assert.equal(elsewhere, 0)
  assert.equal(report.exitCode, 1)
})

test('--timeout ends the run, and the rest is not run', async () => {
  const front = await deployment.front()
  const report = await reportOf([...deployment.options, '--rate', '2', '--timeout', '4'])
  front.close()
  assert.equal(report.exitCode, 3)
  assert.ok(report.cases.some(({ detail }) => detail.includes('--timeout')))
})

test('--only runs the sections that it names, and --output writes the report instead of printing it', async () => {
  const [planted] = MISTAKES.filter(({ name }) => name.includes('security headers'))
  const front = await deployment.front(planted ? [planted] : [])
  const file = join(deployment.folder, 'report.txt')
  const only = ['--only', 'headers', '--output', file]
  const { exitCode, stdout } = await runSelftest([...deployment.options, ...only])
  front.close()
  const report = readFileSync(file, 'utf8')
  assert.deepEqual([exitCode, stdout], [1, ''])
  assert.match(report, /✗ failed {2}A strict policy limits what pages may load \[headers-content-security-policy\]/)
  assert.match(report, /Fix: Keep the headers/)
  assert.doesNotMatch(report, /framing/)
  assert.ok(statSync(file).size > 0)
})

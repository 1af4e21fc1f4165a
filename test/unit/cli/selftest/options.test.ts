import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { accountOf, secretsOf } from '../../../../src/cli/selftest/accounts.ts'
import { checkConfirmed } from '../../../../src/cli/selftest/confirmed-hosts.ts'
import { pace } from '../../../../src/cli/selftest/pace.ts'
import { parseSetCookie } from '../../../../src/cli/selftest/set-cookie.ts'
import { placeOfAddress, placeOfUrl } from '../../../../src/cli/selftest/wire/place.ts'
import { readResponses } from '../../../../src/cli/selftest/wire/response.ts'

const at = (...hosts: string[]) => hosts.map((host) => ({ host }))

test('a host is confirmed word for word, in any case and with or without brackets and the dot at its end', () => {
  checkConfirmed(at('mlflow.example.com'), ['MLflow.example.com.'])
  checkConfirmed(at('[::1]'), ['::1'])
  checkConfirmed(at('[::1]'), ['[::1]'])
})

for (const [host, owned] of [
  ['mlflow.example.com', []],
  ['mlflow.example.com', ['example.com']],
  ['mlflow.example.com', ['*.example.com']],
  ['mlflow.example.com', ['evil-mlflow.example.com']],
  ['mlflow.example.com', ['mlflow.example.com.evil.example']],
  ['mlflow.example.com', ['']],
  ['localhost', []],
  ['127.0.0.1', ['localhost']],
  ['[::1]', ['127.0.0.1']],
] satisfies [string, string[]][])
  test(`${host} is not confirmed by ${JSON.stringify(owned)}`, () => {
    assert.throws(() => checkConfirmed(at(host), owned), { exitCode: 2, message: /nothing was sent/ })
  })

test('the message names every host without a confirmation, once', () => {
  assert.throws(() => checkConfirmed(at('a', 'b', 'a', 'c'), ['b']), { message: /add --i-own a --i-own c$/ })
})

test('the URL is an origin', () => {
  assert.deepEqual(placeOfUrl('https://a.example'), { host: 'a.example', port: 443, tls: true })
  assert.deepEqual(placeOfUrl('http://a.example:8080/'), { host: 'a.example', port: 8080, tls: false })
  for (const text of [
    'a.example',
    'ftp://a.example',
    'https://a.example/x',
    'https://u@a.example',
    'https://a.example?x',
  ])
    assert.throws(() => placeOfUrl(text), { exitCode: 2 }, text)
})

test('an address is a host and a port', () => {
  assert.deepEqual(placeOfAddress('--admin', '[::1]:9090'), { host: '[::1]', port: 9090, tls: false })
  assert.deepEqual(placeOfAddress('--admin', 'a:80'), { host: 'a', port: 80, tls: false })
  for (const text of ['a', 'a:', 'a:99999', 'http://a:1', 'a:1/x', 'u@a:1', ':1'])
    assert.throws(() => placeOfAddress('--admin', text), { exitCode: 2, message: /--admin/ }, text)
})

const names = { token: '--token-file', cookie: '--cookie-file', project: '--project' }

function fileOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'selftest-options-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, text)
  return file
}

test('an account has a token or cookies, and all of their values are secrets', (t) => {
  const bearer = accountOf({ names, tokenFile: fileOf(t, 'abc.def\n'), project: 'p' })
  assert.deepEqual([bearer?.line, secretsOf(bearer)], ['Authorization: Bearer abc.def', ['abc.def']])
  const cookie = accountOf({ names, cookieFile: fileOf(t, 'Cookie: a=1; b=2=3\n') })
  assert.deepEqual([cookie?.line, cookie?.cookieNames], ['Cookie: a=1; b=2=3', ['a', 'b']])
  assert.deepEqual(secretsOf(cookie), ['a=1; b=2=3', '1', '2=3'])
  assert.equal(accountOf({ names }), undefined)
})

test('a file that could write other headers is refused, and the message does not contain it', (t) => {
  for (const text of ['a b', 'a\r\nX: y', '', 'Bearer abc'])
    assert.throws(
      () => accountOf({ names, tokenFile: fileOf(t, text) }),
      (error: Error) => !error.message.includes('abc') && /--token-file/.test(error.message),
    )
  for (const text of ['abc', 'a=1\r\nX: y=2', '', 'a=1;;b=2'])
    assert.throws(() => accountOf({ names, cookieFile: fileOf(t, text) }), { exitCode: 2 })
  assert.throws(() => accountOf({ names, tokenFile: 'a', cookieFile: 'b' }), { exitCode: 2 })
  assert.throws(() => accountOf({ names, project: 'p' }), { exitCode: 2 })
})

test('requests keep their distance, also after a pause', async () => {
  let now = 0
  const turn = pace(10, {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds
    },
  })
  const times: number[] = []
  for (let sent = 0; sent < 3; sent += 1) {
    await turn()
    times.push(now)
  }
  now += 1000
  for (let sent = 0; sent < 2; sent += 1) {
    await turn()
    times.push(now)
  }
  assert.deepEqual(times, [0, 100, 200, 1200, 1300])
})

test('a cookie is read without its value', () => {
  const cookie = parseSetCookie('__Host-a=secret; Path=/; secure; HttpOnly; SameSite=Lax; Max-Age=0')
  assert.ok(!JSON.stringify(cookie).includes('secret'))
  assert.deepEqual([cookie.isSecure, cookie.isHttpOnly, cookie.sameSite, cookie.isRemoval], [true, true, 'Lax', true])
  const plain = parseSetCookie('a=Secure; Path=/HttpOnly')
  assert.deepEqual([plain.isSecure, plain.isHttpOnly, plain.isRemoval], [false, false, false])
})

test('responses are separated by their framing', () => {
  const two =
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'
  const read = readResponses(`HTTP/1.1 100 Continue\r\n\r\n${two}HTTP/1.1 2`, { ended: false })
  assert.deepEqual(
    read.responses.map(({ status, body }) => [status, body]),
    [
      [200, 'ok'],
      [400, 'a'],
    ],
  )
  assert.equal(read.rest, 'HTTP/1.1 2')
})

test('a response that is not whole is none, and a body without a length ends with the connection', () => {
  assert.equal(readResponses('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', { ended: false }).responses.length, 0)
  assert.equal(readResponses('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', { ended: true }).responses.length, 0)
  const open = 'HTTP/1.1 200 OK\r\n\r\nok'
  assert.equal(readResponses(open, { ended: false }).responses.length, 0)
  assert.equal(readResponses(open, { ended: true }).responses[0]?.body, 'ok')
  assert.equal(
    readResponses('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', { ended: false, method: 'HEAD' }).responses.length,
    1,
  )
  assert.equal(readResponses('not HTTP\r\n\r\n', { ended: true }).responses.length, 0)
})

for (const [name, text] of [
  ['is cut within its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'],
  ['is cut within its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok'],
  ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
  ['has a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nok'],
  ['has a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -900\r\n\r\nok'],
  ['has a negative chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-a0000\r\nok\r\n'],
] as const) {
  test(`a response that ${name} counts when nothing more comes: its status says that the request was admitted`, () => {
    assert.equal(readResponses(text, { ended: true }).responses.length, 0)
    assert.deepEqual(
      readResponses(text, { ended: true, cut: true }).responses.map(({ status }) => status),
      [200],
    )
  })
}

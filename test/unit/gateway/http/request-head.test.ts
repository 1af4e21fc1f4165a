import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { readRequestHead } from '../../../../src/gateway/http/request-head.ts'

const read = (url: string) => {
  const request = { url, headers: { host: 'from-the-field' }, rawHeaders: [], socket: {} } as unknown as IncomingMessage
  const { host, target } = readRequestHead(request, () => '192.0.2.1')
  return [host, target]
}

const rows: [string, string, string][] = [
  ['/a?b', 'from-the-field', '/a?b'],
  ['//a/b', 'from-the-field', '//a/b'],
  ['*', 'from-the-field', '*'],
  ['ftp://o.example/a', 'from-the-field', 'ftp://o.example/a'],
  ['http://o.example/a?b', 'o.example', '/a?b'],
  ['HTTPS://O.example:8443/a', 'O.example:8443', '/a'],
  ['http://o.example', 'o.example', '/'],
  ['http://o.example?a', 'o.example', '/?a'],
  ['http://o.example#a', 'o.example', '/#a'],
  ['http://o.example//a', 'o.example', '//a'],
  ['http://evil@o.example/', 'evil@o.example', '/'],
  ['http://o.example\\@evil.example/', 'o.example\\@evil.example', '/'],
  ['http:///a', '', '/a'],
]
for (const [target, host, path] of rows) {
  test(`${target} is ${path} at ${host}`, () => assert.deepEqual(read(target), [host, path]))
}

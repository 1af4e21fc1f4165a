import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, type Outcome, openUpstream, startRaw } from './kit.ts'

/** What becomes of a request whose upstream sends exactly `bytes` (Latin-1), in one write or byte by byte, then closes. */
async function responseTo(bytes: string, method: string, bytewise: boolean): Promise<Outcome> {
  const { server, origin } = await startRaw((socket) => {
    socket.setNoDelay(true)
    socket.once('data', async () => {
      if (bytewise) for (const byte of bytes) await new Promise((done) => socket.write(byte, 'latin1', done))
      else socket.write(bytes, 'latin1')
      socket.end()
    })
  })
  const upstream = openUpstream(origin)
  const outcome = await ask(upstream, { method })
  upstream.close()
  server.close()
  return outcome
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

const refused: [string, string][] = [
  [
    'both Content-Length and Transfer-Encoding',
    `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['both, the other way round', `${OK}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`],
  ['two equal Content-Length', `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ['two different Content-Length', `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ['a list in Content-Length', `${OK}Content-Length: 3, 3\r\n\r\nabc`],
  ['a signed Content-Length', `${OK}Content-Length: +3\r\n\r\nabc`],
  ['a hexadecimal Content-Length', `${OK}Content-Length: 0x3\r\n\r\nabc`],
  ['an empty Content-Length', `${OK}Content-Length:\r\n\r\nabc`],
  ['a Content-Length beyond all bounds', `${OK}Content-Length: 9999999999999999\r\n\r\nabc`],
  ['a transfer coding other than chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['Transfer-Encoding identity', `${OK}Transfer-Encoding: identity\r\n\r\n`],
  ['a no-break space before chunked', `${OK}Transfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\n`],
  ['a no-break space after a Content-Length', `${OK}Content-Length: 3\xa0\r\n\r\nabc`],
  ['chunked twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a folded field', `${OK}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  ['a space before the colon', `${OK}Content-Length : 0\r\n\r\n`],
  ['a field without a name', `${OK}: x\r\nContent-Length: 0\r\n\r\n`],
  ['a field line without a colon', `${OK}garbage\r\nContent-Length: 0\r\n\r\n`],
  ['a bare LF in the head', `${OK}X: a\nContent-Length: 0\r\n\r\n`],
  ['a bare CR in the head', `${OK}X: a\rContent-Length: 0\r\n\r\n`],
  ['a NUL in a value', `${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ['an unknown version', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['no version', '200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status above 599', 'HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n'],
  ['something that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a head beyond the limit', `${OK}X: ${'a'.repeat(20_000)}\r\n\r\n`],
  ['a body longer than its Content-Length', `${OK}Content-Length: 3\r\n\r\nabcd`],
  ['a body where none belongs', 'HTTP/1.1 204 No Content\r\n\r\nabc'],
  ['a switch of protocols without a request for it', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ['a chunk size that is no number', `${CHUNKED}xyz\r\n`],
  ['a chunk size with a sign', `${CHUNKED}+3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with 0x', `${CHUNKED}0x3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with a space', `${CHUNKED}3 \r\nabc\r\n0\r\n\r\n`],
  ['an empty chunk size', `${CHUNKED}\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size beyond all bounds', `${CHUNKED}fffffffffffff\r\nabc`],
  ['a chunk size that ends in a bare LF', `${CHUNKED}3\nabc\r\n0\r\n\r\n`],
  ['a chunk longer than its size', `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`],
  ['a chunk that ends in a bare LF', `${CHUNKED}3\r\nabc\n0\r\n\r\n`],
  ['an endless chunk extension', `${CHUNKED}3;${'a'.repeat(2000)}\r\nabc\r\n0\r\n\r\n`],
  ['a bare LF in a chunk extension', `${CHUNKED}3;a\nabc\r\n0\r\n\r\n`],
  ['bytes after the last chunk', `${CHUNKED}0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`],
  ['endless trailers', `${CHUNKED}0\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`],
  ['a trailer with a NUL', `${CHUNKED}0\r\nX: a\0\r\n\r\n`],
]
for (const [what, bytes] of refused) {
  test(`a response with ${what} is invalid`, async () => {
    assert.equal((await responseTo(bytes, 'GET', false)).reason, 'upstream-invalid')
  })
}

const cut: [string, string][] = [
  ['nothing', ''],
  ['half a head', `${OK}Content-Le`],
  ['a body shorter than its Content-Length', `${OK}Content-Length: 10\r\n\r\nabc`],
  ['a chunk cut short', `${CHUNKED}a\r\nabc`],
  ['chunks without the last one', `${CHUNKED}3\r\nabc\r\n`],
  ['trailers cut short', `${CHUNKED}0\r\nX: a`],
]
for (const [what, bytes] of cut) {
  test(`a response of ${what} is never taken for a complete one`, async () => {
    assert.equal((await responseTo(bytes, 'GET', false)).reason, 'upstream-down')
  })
}

const accepted: [string, string, string, Partial<Outcome>][] = [
  ['its length', 'GET', `${OK}Content-Length: 3\r\n\r\nabc`, { status: 200, body: 'abc' }],
  ['no bytes', 'GET', `${OK}Content-Length: 0\r\n\r\n`, { status: 200, body: '' }],
  ['the end of the connection', 'GET', `${OK}\r\nabc`, { status: 200, body: 'abc' }],
  ['chunks', 'GET', `${CHUNKED}3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n`, { body: 'abc0123456789', trailers: [] }],
  [
    'chunks and trailers',
    'GET',
    `${CHUNKED}1\r\na\r\n0\r\nX: 1\r\nSet-Cookie: b\r\n\r\n`,
    { body: 'a', trailers: ['X', '1'] },
  ],
  [
    'its length, after fields with names that objects of JavaScript have',
    'GET',
    `${OK}constructor: 1\r\n__proto__: 2\r\ntoString: 3\r\nContent-Length: 0\r\n\r\n`,
    { headers: ['constructor', '1', '__proto__', '2', 'toString', '3', 'Content-Length', '0'] },
  ],
  ['nothing, to HEAD', 'HEAD', `${OK}Content-Length: 3\r\n\r\n`, { headers: ['Content-Length', '3'], body: '' }],
  ['nothing, to HEAD, announced as chunks', 'HEAD', CHUNKED, { status: 200, body: '' }],
  ['nothing, with 204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', { status: 204, headers: [] }],
  [
    'nothing, with 304',
    'GET',
    'HTTP/1.1 304\r\nContent-Length: 9\r\n\r\n',
    { status: 304, headers: ['Content-Length', '9'] },
  ],
  [
    'a final response after interim ones',
    'GET',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 1\r\n\r\na`,
    { status: 200, information: [100, 103], body: 'a' },
  ],
  ['HTTP/1.0', 'GET', 'HTTP/1.0 200 OK\r\n\r\nabc', { status: 200, body: 'abc' }],
]
for (const [what, method, bytes, expected] of accepted) {
  for (const bytewise of [false, true]) {
    test(`a response that ends with ${what} is read as that${bytewise ? ', byte by byte' : ''}`, async () => {
      assert.partialDeepStrictEqual(await responseTo(bytes, method, bytewise), expected)
    })
  }
}

test('headers of one hop do not go on, nor those that Connection names', async () => {
  const bytes = `${OK}Connection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: x\r\nUpgrade: y\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n`
  assert.deepEqual((await responseTo(bytes, 'GET', false)).headers, ['X-End', '2', 'Content-Length', '0'])
})

test('interim responses without end are invalid', async () => {
  const bytes = `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)}${OK}Content-Length: 0\r\n\r\n`
  assert.equal((await responseTo(bytes, 'GET', false)).reason, 'upstream-invalid')
})

for (const upgrade of ['', 'Upgrade: h2c\r\n', 'Upgrade: websocket\r\nUpgrade: h2c\r\n']) {
  test(`a switch of protocols that says ${JSON.stringify(upgrade)} is none to WebSocket`, async () => {
    const { server, origin } = await startRaw((socket) => {
      socket.once('data', () =>
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${upgrade}\r\n`),
      )
    })
    const upstream = openUpstream(origin)
    assert.equal((await ask(upstream, { upgrade: true })).reason, 'upstream-invalid')
    upstream.close()
    server.close()
  })
}

test('trailers that change the meaning of a response are dropped', async () => {
  const fields = ['X-Request-Id', 'X-Gateway-Assertion', 'Access-Control-Allow-Origin', 'Clear-Site-Data', 'Location']
  const bytes = `${CHUNKED}0\r\n${fields.map((name) => `${name}: evil\r\n`).join('')}X-Digest: 1\r\n\r\n`
  assert.deepEqual((await responseTo(bytes, 'GET', false)).trailers, ['X-Digest', '1'])
})

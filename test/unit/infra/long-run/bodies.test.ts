import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checksumOf, Keystream, piecesOf } from '../../../long-run/keystream.ts'
import { Random } from '../../../long-run/random.ts'
import { ResponseParser } from '../../../long-run/traffic/response-parser.ts'
import { closeFrame, FrameReader, textFrame } from '../../../long-run/websocket-frames.ts'

const [MINE, OTHER] = ['1'.repeat(32), '2'.repeat(32)]

test('a body of a nonce is the same however it is cut, and no piece of it is one of another nonce', () => {
  const whole = Buffer.concat([...piecesOf(MINE, 200_000)])
  assert.equal(whole.length, 200_000)
  const stream = new Keystream(MINE)
  for (const [from, to] of [
    [0, 1],
    [1, 70_000],
    [70_000, 200_000],
  ] as const)
    assert.ok(stream.matches(whole.subarray(from, to)))
  assert.equal(new Keystream(OTHER).matches(whole.subarray(0, 16)), false)
  assert.notEqual(checksumOf(MINE, 5), checksumOf(OTHER, 5))
})

test('bytes that are missing, repeated or of another body do not match', () => {
  const whole = Buffer.concat([...piecesOf(MINE, 1000)])
  const after = (bytes: Buffer) => {
    const stream = new Keystream(MINE)
    stream.next(100)
    return stream.matches(bytes)
  }
  assert.equal(after(whole.subarray(100, 200)), true)
  assert.equal(after(whole.subarray(101, 200)), false)
  assert.equal(after(whole.subarray(0, 100)), false)
})

test('a seed gives the same choices again, and nonces never repeat', () => {
  const [one, same, other] = [new Random(7), new Random(7), new Random(8)]
  const nonces = Array.from({ length: 1000 }, () => one.nonce())
  assert.equal(new Set(nonces).size, 1000)
  assert.match(nonces[0] ?? '', /^[0-9a-f]{32}$/)
  assert.equal(same.nonce(), nonces[0])
  assert.notEqual(other.nonce(), nonces[0])
  assert.throws(() => one.pick([]), RangeError)
})

test('frames are read however the bytes are cut, masked and not', () => {
  const mask = Buffer.of(1, 2, 3, 4)
  const texts = ['', 'a', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(60_000)]
  const bytes = Buffer.concat([
    ...texts.map((text, i) => textFrame(text, i % 2 === 0 ? mask : undefined)),
    closeFrame(),
  ])
  for (const step of [1, 7, 5000, bytes.length]) {
    const reader = new FrameReader()
    const read: string[] = []
    for (let at = 0; at < bytes.length; at += step) read.push(...reader.read(bytes.subarray(at, at + step)))
    assert.deepEqual(read, texts)
    assert.equal(reader.closed, true)
  }
})

test('bytes that are no frame of the run are an error', () => {
  assert.throws(() => new FrameReader().read(Buffer.from('HTTP/1.1 200 OK')), /expected a text or close frame/)
})

const RESPONSES =
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Echo-Nonce: a\r\n\r\nhi' +
  'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' +
  'HTTP/1.1 204 No Content\r\n\r\n'

test('pipelined responses are told apart, however the bytes are cut', () => {
  for (const step of [1, 5, RESPONSES.length]) {
    const parser = new ResponseParser()
    const read = []
    for (let at = 0; at < RESPONSES.length; at += step)
      read.push(...parser.read(Buffer.from(RESPONSES.slice(at, at + step))))
    assert.deepEqual(
      read.map(({ status, body }) => [status, String(body)]),
      [
        [200, 'hi'],
        [403, 'abcde'],
        [204, ''],
      ],
    )
    assert.equal(read[0]?.headers['x-echo-nonce'], 'a')
    assert.equal(parser.rest.length, 0)
  }
})

test('a response that is cut off is none', () => {
  const parser = new ResponseParser()
  assert.deepEqual(parser.read(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')), [])
  assert.throws(() => new ResponseParser().read(Buffer.from('half of a body\r\n\r\n')), /expected a status line/)
})

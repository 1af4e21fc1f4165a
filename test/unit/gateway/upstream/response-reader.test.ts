import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseReader } from '../../../../src/gateway/upstream/response-reader.ts'

const HEAD = 'HTTP/1.1 204 No Content\r\nA: 1'

/** The statuses that are read from pieces, with a limit of the head. */
function read(pieces: readonly string[], maxHeadBytes: number): number[] {
  const statuses: number[] = []
  const reader = new ResponseReader(maxHeadBytes, {
    information: () => undefined,
    head: ({ status }) => void statuses.push(status),
    upgraded: () => undefined,
    piece: () => undefined,
    end: () => undefined,
  })
  reader.start('GET')
  for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'))
  return statuses
}

const whole = [`${HEAD}\r\n\r\n`]
for (const [name, pieces] of [
  ['whole', whole],
  ['byte by byte', [...`${HEAD}\r\n\r\n`]],
] as const) {
  test(`a head as long as the limit is read, ${name}`, () => {
    assert.deepEqual(read(pieces, HEAD.length), [204])
  })

  test(`a head one byte longer than the limit is invalid, ${name}`, () => {
    assert.throws(() => read(pieces, HEAD.length - 1), /too long/)
  })
}

test('a head without an end is invalid once it is longer than the limit', () => {
  assert.throws(() => read([...`${HEAD}${'x'.repeat(9)}`], HEAD.length), /too long/)
})

import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { BodyWriter } from '../../../../src/gateway/upstream/body-writer.ts'

/** An upstream that reads only when the test lets it. */
class SlowUpstream extends Writable {
  readonly taken: Buffer[] = []
  readonly #waiting: (() => void)[] = []

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken.push(Buffer.from(bytes))
    this.#waiting.push(done)
  }

  takeOne(): void {
    this.#waiting.shift()?.()
  }
}

const PACE = { windowMs: 60_000, minBytesPerSecond: 0 }

function streaming(chunked = false) {
  const source = new PassThrough({ highWaterMark: 16 * 1_048_576 })
  const upstream = new SlowUpstream({ highWaterMark: 1 })
  const writer = new BodyWriter({ source, chunked }, upstream as unknown as Socket, PACE, 0, () => {})
  return { source, upstream, writer }
}

const PIECE = 65_536
const ownPiece = () => Buffer.from(new ArrayBuffer(PIECE))

test('the client waits once the upstream owes half a MiB, and goes on before it has taken all of it', async () => {
  const { source, upstream, writer } = streaming()
  for (let i = 0; i < 12; i += 1) source.write(ownPiece())
  await turn()
  assert.equal(writer.waitingForUpstream, true)
  assert.equal(source.isPaused(), true)
  assert.equal(upstream.writableLength, 8 * PIECE)
  for (let i = 0; i < 6; i += 1) {
    assert.equal(source.isPaused(), true)
    upstream.takeOne()
    await turn()
  }
  assert.equal(source.isPaused(), false)
  assert.equal(writer.waitingForUpstream, false)
  assert.equal(upstream.writableLength, 6 * PIECE)
})

test('a long piece gives its memory back once it is written, not before', async () => {
  const { source, upstream } = streaming()
  const piece = ownPiece()
  source.write(piece)
  await turn()
  assert.equal(piece.byteLength, PIECE)
  upstream.takeOne()
  await turn()
  assert.equal(piece.byteLength, 0)
})

test('a piece that shares its memory with another is left alone', async () => {
  const { source, upstream } = streaming()
  const shared = Buffer.from(new ArrayBuffer(2 * PIECE))
  shared.fill('x')
  source.write(shared.subarray(0, PIECE))
  await turn()
  upstream.takeOne()
  await turn()
  assert.equal(shared.byteLength, 2 * PIECE)
  assert.equal(shared[PIECE], 120)
})

test('a writer that was stopped does not start its source again', async () => {
  const { source, upstream, writer } = streaming()
  for (let i = 0; i < 9; i += 1) source.write(ownPiece())
  await turn()
  writer.stop()
  for (let i = 0; i < 9; i += 1) {
    upstream.takeOne()
    await turn()
  }
  assert.equal(source.isPaused(), true)
})

test('what arrives in chunks leaves in chunks of its own and with its own end', async () => {
  const { source, upstream } = streaming(true)
  source.end('hello')
  for (let i = 0; i < 6; i += 1) {
    await turn()
    upstream.takeOne()
  }
  assert.equal(Buffer.concat(upstream.taken).toString('latin1'), '5\r\nhello\r\n0\r\n\r\n')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openUpstream, startRaw } from './kit.ts'

test('a response that is complete survives a connection that closes while its client is slow', async (t) => {
  const { server, origin } = await startRaw((socket) =>
    socket.once('data', () => {
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`)
    }),
  )
  const upstream = openUpstream(origin)
  t.after(() => {
    upstream.close()
    server.close()
  })
  let got = 0
  const outcome = await new Promise<string>((resolve) => {
    const call = upstream.send({
      tenant: 'a',
      method: 'GET',
      head: 'GET / HTTP/1.1\r\nHost: u\r\n\r\n',
      body: undefined,
      repeatable: true,
      upgrade: false,
      responseMs: 2000,
      sink: {
        information: () => {},
        head: () => {},
        upgraded: () => {},
        piece: (bytes) => {
          got += bytes.length
          setTimeout(() => call.resume(), 50)
          return false
        },
        end: (last) => {
          got += last?.length ?? 0
          resolve('end')
        },
        fail: (error) => resolve(`${error.kind}: ${error.message}`),
      },
    })
  })
  assert.deepEqual([outcome, got], ['end', 60_000])
})

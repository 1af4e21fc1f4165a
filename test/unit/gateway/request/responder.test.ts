import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import type { Occurrence } from '../../../../src/gateway/http/occurrence.ts'
import { jsonReply } from '../../../../src/gateway/http/reply.ts'
import { buildResponder } from '../../../../src/gateway/request/responder.ts'
import type { RequestContext } from '../../../../src/gateway/routing/request-context.ts'

const ignore = () => undefined

test('what an endpoint did after its client had left is recorded, once', async () => {
  const recorded: (Occurrence | undefined)[] = []
  const responder = buildResponder({
    clientAddress: () => '127.0.0.1',
    denials: { replyTo: () => jsonReply(500, {}), plainReplyTo: () => jsonReply(500, {}) },
    baseHeaders: {},
    audit: { finished: ({ occurrence }: RequestContext) => void recorded.push(occurrence), unparsed: ignore },
    metrics: { began: ignore, request: ignore, upgraded: () => ignore, refused: ignore },
  })
  const late: Occurrence = { event: 'logout', action: 'sign-out-everywhere', ended: 2 }
  const [arrived, handled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const server = createServer(async (request, response) => {
    const context = responder.open({ request, response })
    arrived.resolve()
    await once(response, 'close')
    context.occurrence = late
    responder.send(context, { request, response }, jsonReply(200, {}))
    responder.send(context, { request, response }, jsonReply(200, {}))
    handled.resolve()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST /auth/logout-everywhere HTTP/1.1\r\nHost: a\r\n\r\n')
  await arrived.promise
  socket.resetAndDestroy()
  await handled.promise
  server.close()
  assert.deepEqual(recorded, [undefined, late])
})

import { ClientRequest, createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { inMemorySocket } from './in-memory-socket.ts'
import type { Oracle, Parser, Reading, ReadRequest } from './oracle.ts'

/** Node’s own HTTP server and client, without a network. */
export function openNode(): Oracle {
  return {
    parsers: ['node:requests', 'node:response'],
    read: (parser: Parser, inputs: readonly string[]) =>
      Promise.all(inputs.map((input) => (parser === 'node:requests' ? readRequests(input) : readResponse(input)))),
    close() {},
  }
}

const pairs = (raw: readonly string[]) =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] as string] as const] : []))

/** All requests in the bytes. */
export function readRequests(input: string): Promise<Reading> {
  return new Promise((resolve) => {
    const requests: ReadRequest[] = []
    const server = createServer({ maxHeaderSize: 65_536, keepAliveTimeout: 0 }, (request, response) => {
      let body = 0
      request.on('data', (piece: Buffer) => {
        body += piece.length
      })
      request.on('end', () => {
        const { method = '', url = '', rawHeaders } = request
        requests.push({ method, target: url, headers: pairs(rawHeaders), body })
        response.end()
      })
    })
    server.on('clientError', (error) => resolve({ error: error.message }))
    const socket = inMemorySocket(Buffer.from(input, 'latin1'))
    socket.on('close', () => resolve({ value: requests }))
    socket.on('error', () => {})
    server.emit('connection', socket as unknown as Socket)
  })
}

/** The response to a request whose method is in the first line. */
export function readResponse(input: string): Promise<Reading> {
  const line = input.indexOf('\n')
  const bytes = Buffer.from(input.slice(line + 1), 'latin1')
  return new Promise((resolve) => {
    const socket = inMemorySocket(bytes)
    const options = { method: input.slice(0, line), createConnection: () => socket as unknown as Socket }
    const request = new ClientRequest({ ...options, host: 'localhost', maxHeaderSize: 65_536 } as never)
    const failed = (error: Error) => resolve({ error: error.message })
    request.on('error', failed)
    request.on('upgrade', (response: IncomingMessage) => resolve({ value: responseValue(response, '') }))
    request.on('response', (response: IncomingMessage) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', failed)
      response.on('end', () => resolve({ value: responseValue(response, body) }))
    })
    request.end()
  })
}

const responseValue = ({ statusCode, rawHeaders }: IncomingMessage, body: string) => ({
  status: statusCode,
  headers: pairs(rawHeaders),
  body,
})

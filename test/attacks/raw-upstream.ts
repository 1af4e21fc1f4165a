import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A request exactly as its bytes were received. */
export interface RawRequest {
  /** Request line, without the line end. */
  readonly line: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Head and body as received, Latin-1. */
  readonly bytes: string
}

const RESPONSES: Record<string, string> = {
  '/cookies':
    'HTTP/1.1 200 OK\r\nSet-Cookie: theirs=1\r\nSet-Cookie: modelops_gateway=evil\r\nSet-Cookie: __Host-modelops_gateway=evil\r\nSet-Cookie: MODELOPS_GATEWAY =evil\r\nSet-Cookie: =modelops_gateway=evil\r\nSet-Cookie:  = modelops_gateway_login_x=evil\r\nClear-Site-Data: "cookies"\r\nContent-Length: 0\r\n\r\n',
  '/cors':
    'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nContent-Length: 0\r\n\r\n',
  '/interim': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  '/switch': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  '/split': 'HTTP/1.1 200 OK\r\nX-A: b\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n',
  '/two-lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello',
  '/uploaded': 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok',
  '/redirect': 'HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n',
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** An upstream that records the exact bytes of each request. It has its own reader, so no parser can change them. */
export async function startRawUpstream() {
  const requests: RawRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let pending = ''
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1')
      for (let request = take(pending); request; request = take(pending)) {
        pending = pending.slice(request.bytes.length)
        requests.push(request)
        const path = Object.keys(RESPONSES).find((end) => request?.line.includes(end))
        const response = path === undefined ? OK : (RESPONSES[path] as string)
        socket.write(request.line.startsWith('HEAD ') ? response.slice(0, response.indexOf('\r\n\r\n') + 4) : response)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** The first complete request in the bytes. */
function take(bytes: string): RawRequest | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...fields] = bytes.slice(0, end).split('\r\n')
  const headers = fields.map((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()] as const
  })
  const first = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1]
  const rest = bytes.slice(end + 4)
  const framed = first('transfer-encoding') === undefined ? counted(rest, first('content-length')) : chunked(rest)
  return framed && { line, headers, body: framed.body, bytes: bytes.slice(0, end + 4 + framed.length) }
}

const counted = (rest: string, length = '0') =>
  rest.length < Number(length) ? undefined : { body: rest.slice(0, Number(length)), length: Number(length) }

function chunked(rest: string): { body: string; length: number } | undefined {
  let body = ''
  let at = 0
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    if (end < 0) return undefined
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (rest.length < end + 2 + size + 2) return undefined
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
    if (size === 0) return { body, length: at }
  }
}

import { connect, type Socket } from 'node:net'

/**
 * Sends bursts of requests when its parent asks for one, over connections that stay open: wrk runs for a second at least,
 * and connects anew each time. Its parent hears of the end, or the process exits with an error.
 */
export interface Burst {
  readonly port: number
  /** The whole request, without a body. */
  readonly text: string
  readonly requests: number
}

const CONNECTIONS = 16
const pools = new Map<number, Socket[]>()

process.on('message', async ({ port, text, requests }: Burst) => {
  const pool = pools.get(port) ?? Array.from({ length: CONNECTIONS }, () => connect({ port, noDelay: true }))
  pools.set(port, pool)
  const bytes = Buffer.from(text)
  let left = requests
  const takeOne = () => {
    left -= 1
    return left >= 0
  }
  await Promise.all(pool.map((socket) => send(socket, bytes, takeOne)))
  process.send?.('done')
})

/** One request after the other, while there are any. @throws Error when anything but 200 came back */
function send(socket: Socket, request: Buffer, takeOne: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = ''
    const next = () => {
      received = ''
      if (takeOne()) socket.write(request)
      else done()
    }
    const done = (error?: Error) => {
      socket.removeAllListeners()
      if (error) reject(error)
      else resolve()
    }
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
      if (!isWhole(received)) return
      if (received.startsWith('HTTP/1.1 200')) next()
      else done(new Error(`expected 200, got ${received.slice(0, 100)}`))
    })
    socket.on('error', done)
    socket.on('close', () => done(new Error('the connection was closed')))
    next()
  })
}

function isWhole(response: string): boolean {
  const head = response.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(response)
  return response.length >= head + 4 + Number(length?.[1] ?? Number.POSITIVE_INFINITY)
}

import { connect, type Socket } from 'node:net'

/** What was received over a raw socket. */
export interface RawResponses {
  /** All bytes, Latin-1. */
  readonly text: string
  readonly responses: readonly { status: number; head: string; body: string }[]
  /** Whether the other side closed the connection. */
  readonly closed: boolean
}

/** The longest wait for more bytes on an open connection, in milliseconds. */
const QUIET_MS = 120
/** The longest wait for the first byte, in milliseconds: long enough for a machine with other work. */
const FIRST_BYTE_MS = 2400

/** Sends bytes unchanged and collects responses until the connection closes or no more bytes arrive. */
export const sendRaw = (port: number, bytes: string): Promise<RawResponses> =>
  sendOver(connect(port, '127.0.0.1'), bytes)

/** The same over a socket that is being opened, with TLS or without. @param first Resolve after the first response. */
export function sendOver(socket: Socket, bytes: string, first = false): Promise<RawResponses> {
  return new Promise((resolve) => {
    let text = ''
    socket.write(bytes, 'latin1')
    const done = (closed: boolean) => {
      clearTimeout(quiet)
      socket.destroy()
      resolve({ text, closed, responses: split(text) })
    }
    const quiet = setTimeout(() => done(false), FIRST_BYTE_MS)
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      clearTimeout(quiet)
      if (first && split(text).length > 0) return done(false)
      setTimeout(() => done(false), QUIET_MS).unref()
    })
    socket.on('error', () => {})
    socket.on('close', () => done(true))
  })
}

/** Splits responses. All of the gateway's responses in these tests have a Content-Length. */
function split(text: string): { status: number; head: string; body: string }[] {
  const responses = []
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const head = rest.slice(0, end)
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    responses.push({ status: Number(head.slice(9, 12)), head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
  return responses.filter(({ status }) => status !== 100)
}

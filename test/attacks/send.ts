import { connect, type Socket } from 'node:net'

/** What came back over a raw socket. */
export interface RawAnswers {
  /** Everything, Latin-1. */
  readonly text: string
  readonly answers: readonly { status: number; head: string; body: string }[]
  /** Whether the other side ended the connection. */
  readonly closed: boolean
}

/** Longest wait for a connection that stays open without a word, ms. */
const QUIET_MS = 120

/** Sends bytes as they are and collects answers until the connection ends or falls quiet. */
export const sendRaw = (port: number, bytes: string): Promise<RawAnswers> => sendOver(connect(port, '127.0.0.1'), bytes)

/** The same over a socket that is being opened, TLS perhaps. `first`: one answer is all there is to wait for. */
export function sendOver(socket: Socket, bytes: string, first = false): Promise<RawAnswers> {
  return new Promise((resolve) => {
    let text = ''
    socket.write(bytes, 'latin1')
    const done = (closed: boolean) => {
      clearTimeout(quiet)
      socket.destroy()
      resolve({ text, closed, answers: split(text) })
    }
    const quiet = setTimeout(() => done(false), QUIET_MS * (first ? 20 : 4))
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

/** Answers one after the other; all of the gateway's here have a length. */
function split(text: string): { status: number; head: string; body: string }[] {
  const answers = []
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const head = rest.slice(0, end)
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
    answers.push({ status: Number(head.slice(9, 12)), head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
  return answers.filter(({ status }) => status !== 100)
}

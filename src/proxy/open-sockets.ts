import type { Socket } from 'node:net'
import { Refusal } from '../errors.ts'

interface OpenSocket {
  readonly sessionKey: string | undefined
  /** Asks the decision again: false, or a refusal, closes. @throws Refusal */
  readonly stillAllowed: () => Promise<boolean>
}

/**
 * The joined WebSockets of this process. One whose session ends is closed at once; all are judged again from time to
 * time, so that none outlives its session, its token or its membership by more than that.
 */
export class OpenSockets {
  readonly #open = new Map<Socket, OpenSocket>()
  readonly #timer: NodeJS.Timeout

  /** @param recheckMs Time between two looks at the decisions. */
  constructor(recheckMs: number) {
    this.#timer = setInterval(() => this.recheck(), recheckMs).unref()
  }

  add(socket: Socket, sessionKey: string | undefined, stillAllowed: () => Promise<boolean>): void {
    this.#open.set(socket, { sessionKey, stillAllowed })
    socket.once('close', () => this.#open.delete(socket))
  }

  /** Asks the decision behind every socket again, and closes those that would not be let in now. */
  recheck(): void {
    for (const [socket, { stillAllowed }] of this.#open) {
      stillAllowed().then(
        (allowed) => {
          if (!allowed) socket.destroy()
        },
        (error: unknown) => {
          // A store or issuer that cannot be reached is no decision: the socket stays.
          if (!(error instanceof Refusal) || error.status < 500) socket.destroy()
        },
      )
    }
  }

  /** Closes all. */
  close(): void {
    clearInterval(this.#timer)
    for (const socket of this.#open.keys()) socket.destroy()
  }

  /** A session ended. */
  ended(key: string): void {
    for (const [socket, { sessionKey }] of this.#open) if (sessionKey === key) socket.destroy()
  }
}

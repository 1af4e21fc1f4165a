import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { ProbeRequest, Readings } from './readings.ts'

/** The one connection to the probe of a replica. It stays open, so that it counts the same in every sample. */
export class ProbeClient {
  readonly #socket: Socket
  readonly #lines: AsyncIterator<string>
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  }

  static async open(path: string): Promise<ProbeClient> {
    const socket = connect(path)
    await once(socket, 'connect')
    socket.on('error', () => undefined) // the replica ends before its probe is closed
    return new ProbeClient(socket)
  }

  /** @throws Error if the replica has ended */
  ask(request: ProbeRequest): Promise<Readings> {
    const asked = this.#turn.then(async () => {
      this.#socket.write(`${request}\n`)
      const { value, done } = await this.#lines.next()
      if (done) throw new Error('the replica ended while it was measured')
      return JSON.parse(value) as Readings
    })
    this.#turn = asked.catch(() => undefined)
    return asked
  }

  close(): void {
    this.#socket.destroy()
  }
}

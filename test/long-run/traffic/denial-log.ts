import { closeSync, openSync, readSync } from 'node:fs'
import type { Expected, Received } from '../oracle/exchange.ts'
import type { Oracle } from '../oracle/oracle.ts'

interface Line {
  readonly level?: string | number
  readonly event?: string
  readonly request_id?: string
  readonly path?: string
  readonly user?: string
  readonly reason?: string
  readonly msg?: string
}

/** Reads what a growing file has got since the last time. */
class Follower {
  readonly #descriptor: number
  #position = 0
  #rest = ''

  constructor(file: string) {
    this.#descriptor = openSync(file, 'r')
  }

  *lines(): Generator<string> {
    const buffer = Buffer.alloc(1_048_576)
    for (;;) {
      const length = readSync(this.#descriptor, buffer, 0, buffer.length, this.#position)
      if (length === 0) return
      this.#position += length
      const lines = (this.#rest + buffer.toString('latin1', 0, length)).split('\n')
      this.#rest = lines.pop() ?? ''
      yield* lines
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** Events of the log that the run causes on purpose, beside denials. */
const CAUSED: ReadonlySet<string | undefined> = new Set(['config-refused', 'refused'])
const MESSAGES_KEPT = 20
/** A line may be read before the client has its response. So many are kept for that. */
const LINES_KEPT = 2000

/**
 * A denial does not contain the nonce of its request. The log of the replica that sent it has the path of the request, with
 * the nonce, and who sent it, by the request ID that the client received.
 */
export class DenialLog {
  /** Responses whose line has not been read yet. */
  readonly #pending = new Map<string, { expected: Expected; received: Received }>()
  /** Denials in the logs that no client has reported yet. */
  readonly #lines = new Map<string, Line>()
  readonly #followers: readonly Follower[]
  readonly #oracle: Oracle
  /** Errors in the logs that nothing here has caused. */
  readonly unexpected: string[] = []
  proven = 0
  reloaded = 0
  refused = 0

  constructor(files: readonly string[], oracle: Oracle) {
    this.#followers = files.map((file) => new Follower(file))
    this.#oracle = oracle
  }

  /** Takes a denial that has the expected reason: its line must show that it is this request's own. */
  expect(expected: Expected, received: Received): void {
    const { requestId = '' } = received
    const line = this.#lines.get(requestId)
    if (line === undefined) this.#pending.set(requestId, { expected, received })
    else this.#compare(line, expected, received)
    this.#lines.delete(requestId)
  }

  /** Reads the new lines of all replicas. */
  follow(): void {
    for (const follower of this.#followers) for (const line of follower.lines()) this.#take(line)
  }

  /** Denials whose line never came are wrong. */
  end(): void {
    this.follow()
    for (const { expected, received } of this.#pending.values())
      this.#oracle.reject(expected, received, 'the log of no replica has its request ID')
    for (const follower of this.#followers) follower.close()
  }

  #take(text: string): void {
    if (!text.startsWith('{')) return
    const line = JSON.parse(text) as Line
    if (line.event === 'config-reloaded') this.reloaded += 1
    if (line.event === 'config-refused') this.refused += 1
    const isError = line.level === 'error' || line.level === 'fatal' || Number(line.level) >= 50
    if (isError && !CAUSED.has(line.event) && this.unexpected.length < MESSAGES_KEPT)
      this.unexpected.push(`${line.event ?? 'no event'}: ${line.msg ?? ''}`)
    if (line.event === 'refused') this.#match(line)
  }

  #match(line: Line): void {
    const { request_id = '' } = line
    const denial = this.#pending.get(request_id)
    if (denial !== undefined) {
      this.#pending.delete(request_id)
      this.#compare(line, denial.expected, denial.received)
      return
    }
    this.#lines.set(request_id, line)
    const [oldest] = this.#lines.keys()
    if (this.#lines.size > LINES_KEPT && oldest !== undefined) this.#lines.delete(oldest)
  }

  #compare({ path = '', user, reason }: Line, expected: Expected, received: Received): void {
    const isOwn = (path === '' || path.endsWith(expected.nonce)) && reason === expected.reason
    if (isOwn && (user ?? expected.principal?.user) === expected.principal?.user) this.proven += 1
    else this.#oracle.reject(expected, received, `the log says that it denied ${reason} for ${path}`)
  }
}

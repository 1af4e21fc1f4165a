import type { Logger } from 'pino'
import { messageOf } from '../../../shared/message-of.ts'
import type { Config } from '../../config/schema.ts'
import type { AuditDraft } from '../event.ts'
import { AuditFile } from '../file/audit-file.ts'
import { type ChainState, chainLine, GENESIS, readChained } from '../file/chain.ts'
import type { FileEnd } from '../file/last-line.ts'
import type { Entry, Notice, Sink } from './sink.ts'

export type FileSettings = Extract<Config['audit']['sinks'][number], { type: 'file' }>

/** Lines after which the log says where the chain is: what is cut off at its end is found by comparing with it. */
const ANCHOR_LINES = 1000

export interface FileSinkDeps {
  readonly log: Logger
  readonly notice: Notice
}

/** JSON lines in a file: rotated by size, optionally as a hash chain that continues over restarts. */
export class FileSink implements Sink {
  readonly #path: string
  readonly #settings: FileSettings
  readonly #deps: FileSinkDeps
  readonly #file: AuditFile
  /** The last line that was written; undefined before the file has been opened. */
  #chain: ChainState | undefined
  /** Number of the line that the last anchor named. */
  #anchored = 0
  /** Lines of the sink itself that come before the next batch. */
  #notices: Entry[] = []

  constructor(path: string, settings: FileSettings, deps: FileSinkDeps) {
    this.#path = path
    this.#settings = settings
    this.#deps = deps
    this.#file = new AuditFile(path)
  }

  async write(batch: readonly Entry[]): Promise<void> {
    await this.#followChanges()
    if (!this.#file.isOpen) await this.#open()
    const bytes = batch.reduce((sum, { text }) => sum + text.length, 0)
    if (this.#file.size > 0 && this.#file.size + bytes > this.#settings.maxBytes) await this.#rotate()
    const { text, chain } = this.#linesOf([...this.#notices, ...batch])
    await this.#file.append(text, this.#settings.fsync)
    this.#notices = []
    this.#chain = chain
    if (chain.seq - this.#anchored >= ANCHOR_LINES) this.#anchor()
  }

  async close(): Promise<void> {
    this.#anchor()
    await this.#file.close().catch(() => undefined)
  }

  #linesOf(entries: readonly Entry[]): { text: string; chain: ChainState } {
    let chain = this.#chain ?? GENESIS
    if (!this.#settings.chain) return { text: `${entries.map(({ text }) => text).join('\n')}\n`, chain }
    let all = ''
    for (const { text } of entries) {
      const { line, state } = chainLine(text, chain, this.#settings.chainKey)
      all += `${line}\n`
      chain = state
    }
    return { text: all, chain }
  }

  async #open(): Promise<void> {
    const end = await this.#file.open()
    if (end.tornBytes > 0 && !end.isForeign)
      this.#note('line-mended', `${end.tornBytes} bytes of an incomplete last line were cut off`)
    if (this.#settings.chain) await this.#continueChain(end)
  }

  /** Goes on after the last line of the file, or else of the newest full one. */
  async #continueChain(end: FileEnd): Promise<void> {
    const isOwn = !end.isForeign && (end.line === undefined || readChained(end.line) !== undefined)
    if (!isOwn) {
      // Lines without a chain would stay unproven in a file that seems to be proven.
      await this.#file.rotate()
      await this.#file.open()
    }
    if (this.#chain !== undefined) return
    const last = isOwn ? (end.line ?? (await this.#file.lastRotatedLine())) : undefined
    const chained = last === undefined ? undefined : readChained(last)
    this.#chain = chained ?? GENESIS
    this.#anchored = this.#chain.seq
    if (chained === undefined) this.#note('chain-started', 'no line of a chain was there to continue')
  }

  async #rotate(): Promise<void> {
    this.#anchor()
    await this.#file.rotate()
    await this.#open()
    await this.#file.prune(this.#settings.keep).catch((error: unknown) => {
      const line = { event: 'audit-files-kept', path: this.#path, detail: messageOf(error) }
      this.#deps.log.warn(line, 'old files of the audit trail could not be deleted')
    })
  }

  /** Somebody else moved, deleted, shortened or extended the file: said in the file itself, which then goes on. */
  async #followChanges(): Promise<void> {
    if (!this.#file.isOpen) return
    const change = await this.#file.change()
    if (change === 'none') return
    const detail = change === 'replaced' ? 'the file was moved or deleted' : 'the length of the file has changed'
    await this.#file.close()
    this.#note('file-changed', `${detail} by another process`)
    this.#deps.log.warn({ event: 'file-changed', path: this.#path, detail }, 'a file of the audit trail was changed')
    await this.#open()
  }

  #note(event: string, detail: string): void {
    const draft: AuditDraft = { event, category: 'audit', action: event, detail }
    this.#notices.push(this.#deps.notice(draft))
  }

  /** Names the last line of the chain in the log, which an attacker with access to the file does not reach. */
  #anchor(): void {
    const chain = this.#chain
    if (!this.#settings.chain || chain === undefined || chain.seq === this.#anchored) return
    this.#anchored = chain.seq
    this.#deps.log.info({ event: 'audit-anchor', path: this.#path, anchor: `${chain.seq}:${chain.hash}` })
  }
}

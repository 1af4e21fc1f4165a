import type { AuditDraft, AuditEvent } from '../event.ts'

/** An event as sinks get it. */
export interface Entry {
  readonly event: AuditEvent
  /** The event as one line of JSON without a line break. */
  readonly text: string
}

/** Where events are written. One batch at a time. */
export interface Sink {
  /** Writes a batch completely, in order. Rejects if it is not known to be written: the same batch then comes again. */
  write(batch: readonly Entry[]): Promise<void>
  /** Called once, after the last batch. Never rejects. */
  close(): Promise<void>
}

/** Makes an entry of an event that a sink itself reports. */
export type Notice = (draft: AuditDraft) => Entry

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { pino } from 'pino'
import type { AuditDraft, AuditEvent } from '../../../../src/gateway/audit/event.ts'
import { type FileSettings, FileSink } from '../../../../src/gateway/audit/sinks/file-sink.ts'
import type { Entry } from '../../../../src/gateway/audit/sinks/sink.ts'
import type { AuditMetrics } from '../../../../src/gateway/observability/metrics/audit-metrics.ts'

export const KEY = 'a-key-of-a-hash-chain-with-32-bytes-or-more'

export function eventOf(sequence: number, more: Partial<AuditEvent> = {}): AuditEvent {
  const time = new Date(Date.UTC(2026, 10, 27, 0, 0, 0, sequence)).toISOString()
  const what = { event: 'allowed', category: 'access', action: 'write' } as const
  return { schema_version: 1, time, instance: 'i', sequence, ...what, ...more }
}

export function entryOf(sequence: number, more: Partial<AuditEvent> = {}): Entry {
  const event = eventOf(sequence, more)
  return { event, text: JSON.stringify(event) }
}

export const entries = (from: number, to: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => entryOf(from + index))

/** What a sink says of itself. */
export const notice = (draft: AuditDraft): Entry => entryOf(1, draft)

export interface Lines {
  readonly log: pino.Logger
  readonly lines: Record<string, unknown>[]
}

export function logLines(): Lines {
  const lines: Record<string, unknown>[] = []
  return { log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) }), lines }
}

export function countedMetrics(): AuditMetrics & { readonly counts: { written: number; lost: number } } {
  const counts = { written: 0, lost: 0 }
  return {
    counts,
    written(_sink, count) {
      counts.written += count
    },
    lost(_sink, count) {
      counts.lost += count
    },
  }
}

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const fileSettings = (path: string, more: Partial<FileSettings> = {}): FileSettings => ({
  ...{ type: 'file', path, maxBytes: 65_536, keep: 20, fsync: false, chain: true },
  ...more,
})

/** A file sink as a process opens it. */
export const openFileSink = (path: string, more: Partial<FileSettings> = {}, log = logLines().log) =>
  new FileSink(path, fileSettings(path, more), { log, notice })

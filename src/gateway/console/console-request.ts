import type { AdministrationAction, AdministrationEntry } from '../audit/administration.ts'
import type { Reply } from '../http/reply.ts'
import type { ConsoleFrame } from '../pages/console/console-frame.ts'

/** Fields of a form; a field that occurs more than once was denied before. */
export type ConsoleFields = Readonly<Record<string, string | null>>

/** One request of an administrator, whom a listener has let in and whose form it has checked. */
export interface ConsoleRequest {
  readonly method: 'GET' | 'POST'
  /** Path below the console's base; empty: the overview. */
  readonly path: string
  readonly query: URLSearchParams
  readonly fields: ConsoleFields
  readonly frame: ConsoleFrame
  /** Who acts, for the audit trail. */
  readonly administrator: Omit<AdministrationEntry, 'action'>
}

/** Handles one page of the console. @throws Refusal */
export type ConsoleHandler = (request: ConsoleRequest) => Promise<Reply>

/** Records what an administrator did. */
export type Note = (
  request: ConsoleRequest,
  action: AdministrationAction,
  more?: Pick<AdministrationEntry, 'event' | 'detail' | 'targetSession' | 'targetIssuer' | 'targetSubject' | 'ended'>,
) => void

/** A whole number of a query; anything else is the default. */
export function numberOf(query: URLSearchParams, name: string, usual: number, most = 1_000_000): number {
  const text = query.get(name) ?? ''
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text), most) : usual
}

/** A text of a query, trimmed and not longer than `most` characters. */
export const textOf = (query: URLSearchParams, name: string, most = 200): string =>
  (query.get(name) ?? '').trim().slice(0, most)

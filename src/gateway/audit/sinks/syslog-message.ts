import { hostname } from 'node:os'
import { type Severity, severityOf } from './severity.ts'
import type { Entry } from './sink.ts'

export interface SyslogHeader {
  /** RFC 5424 §6.2.1 */
  readonly facility: number
  readonly appName: string
}

/** RFC 5424 §6.2.1 */
const SEVERITIES: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 }

/** HOSTNAME: printable ASCII, or nothing at all. */
const HOST = /^[\x21-\x7e]{1,255}$/.test(hostname()) ? hostname() : '-'

/**
 * One message (RFC 5424 §6) in a frame with its length before it (RFC 6587 §3.4.1, RFC 5425 §4.3): no character of
 * the message can end it. The message is the event as JSON, without structured data.
 */
export function syslogFrame({ event, text }: Entry, { facility, appName }: SyslogHeader): Buffer {
  const priority = facility * 8 + SEVERITIES[severityOf(event)]
  const message = `<${priority}>1 ${event.time} ${HOST} ${appName} ${process.pid} ${event.event} - ${text}`
  return Buffer.from(`${Buffer.byteLength(message)} ${message}`)
}

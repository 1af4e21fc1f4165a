import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { AuditEvent } from '../event.ts'

/** A denial that is a failure of the gateway or of what is behind it, as the log alone shows it. */
export interface Failure {
  readonly cause: unknown
}

export interface LogSinkOptions {
  /** Whether the log is one of the sinks. Else it gets failures alone, because operators look for them there. */
  readonly isSink: boolean
  /** `log.requests` */
  readonly requests: Config['log']['requests']
}

/** Writes an event to the log of the gateway. @returns whether it did */
export function logEvent(log: Logger, event: AuditEvent, options: LogSinkOptions, failure?: Failure): boolean {
  // The log writes its own time.
  const line = { ...event, time: undefined }
  if (failure) {
    log.error({ ...line, cause: causeOf(failure.cause) })
    return true
  }
  if (
    !options.isSink ||
    HAVE_LINES.has(event.category) ||
    event.event === 'presigned-url' ||
    !isShown(event, options.requests)
  )
    return false
  if (event.event === 'admin-refused') log.warn(line)
  else log.info(line)
  return true
}

/** Reloads, URLs that lead past the gateway, and what the sinks report of themselves, have lines of their own in the log. */
const HAVE_LINES: ReadonlySet<AuditEvent['category']> = new Set(['configuration', 'audit'])

function isShown({ event, role, project }: AuditEvent, requests: LogSinkOptions['requests']): boolean {
  if (event === 'refused') return requests !== 'none'
  if (event !== 'allowed' || requests === undefined || requests === 'all') return true
  // An administrator's access to a project is always shown: nobody else sees it happen.
  return role === 'admin' && project !== undefined
}

const causeOf = (cause: unknown) =>
  cause instanceof Error
    ? { name: cause.name, message: cause.message, code: Reflect.get(cause, 'code'), stack: cause.stack }
    : undefined

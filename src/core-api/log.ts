import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { CoreConfig } from './config.ts'

/** JSON lines with UTC times. No caller passes credentials, tokens or bodies; redaction is a second safeguard. */
export function buildCoreLog({ log }: Pick<CoreConfig, 'log'>): Logger {
  return pino(
    {
      level: log.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['*.password', '*.username', '*.credentials', '*.token', '*.authorization'],
        censor: '(redacted)',
      },
    },
    pino.destination({ fd: 1, sync: false }),
  )
}

import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino'
import { redactLine, redactMembers } from './redact.ts'

export type { Logger } from 'pino'

/** JSON lines on standard error, with UTC times and without secrets. */
export function buildLog(config: { readonly level: string }, destination?: DestinationStream): Logger {
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (members) => redactMembers(members) },
      serializers: { err: (error) => redactMembers({ ...stdSerializers.err(error) }) },
      hooks: { streamWrite: redactLine },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  )
}

import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on standard error, with UTC times. Redaction is a second defence: no caller hands over tokens, cookies, codes or secrets. */
export function buildLog(config: { readonly level: string }, destination?: DestinationStream): Logger {
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          '*.authorization',
          '*.cookie',
          '*["set-cookie"]',
          '*.accessToken',
          '*.refreshToken',
          '*.idToken',
          '*.code',
          '*.clientSecret',
        ],
        censor: '(redacted)',
      },
    },
    destination ?? pino.destination({ fd: 2, sync: false }),
  )
}

import * as z from 'zod'
import { seconds, storeAddress } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

export const session = z
  .strictObject({
    secrets: z
      .array(z.string())
      .min(1)
      .describe(
        'Secrets of at least 32 bytes. The first one encrypts, all of them decrypt: to rotate, put a new one first.',
      ),
    store: storeAddress
      .default('memory')
      .describe(
        'memory | sqlite:PATH | redis://[user:password@]host[:port][/database] | rediss://… (TLS) | redis+sentinel://host,host/master | redis+cluster://host,host',
      )
      .register(metadata, { reload: 'restart' }),
    storeCa: z
      .string()
      .regex(/-----BEGIN CERTIFICATE-----/, 'expected PEM certificates, e.g. ${file:PATH}')
      .optional()
      .describe('CA certificates (PEM) for the TLS connection to a rediss:// store. Absent: those of the system.')
      .register(metadata, { reload: 'restart' }),
    storeTimeoutMs: z
      .int()
      .min(50)
      .max(30_000)
      .default(1000)
      .describe('Timeout of one request to a Redis store, in milliseconds. A slower store counts as unavailable.')
      .register(metadata, { reload: 'restart' }),
    idleSeconds: seconds(60, 31_536_000)
      .default(3600)
      .describe('A session ends after this many seconds without a request.'),
    absoluteSeconds: seconds(60, 34_560_000)
      .default(43_200)
      .describe('A session ends this many seconds after sign-in, active or not.'),
    cacheSeconds: seconds(0, 60)
      .default(5)
      .describe(
        'How long a process may use its cached copy of a session without news from a shared store, in seconds.',
      ),
    cacheEntries: z
      .int()
      .min(100)
      .max(10_000_000)
      .default(200_000)
      .describe('Maximum number of sessions that a process keeps in memory.'),
    staleSeconds: seconds(0, 3600)
      .default(300)
      .describe('How long cached sessions remain usable while the store is unavailable, in seconds.'),
    refreshBeforeSeconds: seconds(0, 3600)
      .default(60)
      .describe('Tokens are refreshed when the access token expires in less than this many seconds.'),
    issuerGraceSeconds: seconds(0, 86_400)
      .default(600)
      .describe('How long a session outlives its access token while the issuer is unavailable, in seconds.'),
  })
  .register(metadata, { reload: 'reload' })

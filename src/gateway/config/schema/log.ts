import * as z from 'zod'
import { metadata } from '../../../shared/settings/metadata.ts'

export const log = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Minimum log level.'),
    requests: z
      .enum(['all', 'refused', 'none'])
      .optional()
      .describe(
        'Limits the requests of the audit trail in the log: `refused` for denials alone, `none` for neither. `all`: also records allowed requests that only read. Administrators who use a project always get a line. Default: what `audit` records.',
      ),
  })
  .register(metadata, { reload: 'reload' })

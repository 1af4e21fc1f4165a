import { z } from 'zod'
import { metadata } from '../../../shared/settings/metadata.ts'

export const log = z
  .strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Minimum log level.'),
    requests: z
      .enum(['all', 'refused', 'none'])
      .default('refused')
      .describe('Which requests get an audit line. Administrators who use a project always get one.'),
  })
  .register(metadata, { reload: 'reload' })

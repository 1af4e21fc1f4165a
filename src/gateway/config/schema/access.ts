import * as z from 'zod'
import { origin, token } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

export const access = z
  .strictObject({
    adminGroup: z.string().min(1).describe('Group whose members are administrators; compared exactly.'),
    serviceUsers: z
      .array(token)
      .default([])
      .describe('Client IDs whose client-credentials tokens act as administrators.'),
  })
  .register(metadata, { reload: 'reload' })

export const cors = z
  .strictObject({
    allowedOrigins: z.array(origin).default([]).describe('Origins of user interfaces on other hosts.'),
  })
  .register(metadata, { reload: 'reload' })

import * as z from 'zod'
import { metadata } from '../../../shared/settings/metadata.ts'
import { tracing } from './tracing.ts'

export const observability = z
  .strictObject({
    projectLabel: z
      .enum(['name', 'id', 'off'])
      .default('off')
      .describe('Whether metrics by project are exposed, and what labels them.'),
    projectLabelLimit: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe('Projects with metrics of their own, in each worker. All others are counted as `other`.'),
    tracing: tracing.optional().register(metadata, { reload: 'restart' }),
  })
  .register(metadata, { reload: 'reload' })

import { z } from 'zod'
import { type Operation, operation } from './operation.ts'

/** Answered to anybody; they tell nothing that a stranger may not know. */

const info = operation({
  method: 'get',
  path: '/admin/info',
  id: 'getInfo',
  summary: 'That this is the core API. Clients ask it before they sign in.',
  scope: 'public',
  status: 200,
  answer: z.object({ app: z.object({ name: z.string(), api: z.string() }) }),
  handle: async () => ({ body: { app: { name: 'modelops-core', api: '1' } } }),
})

const live = operation({
  method: 'get',
  path: '/healthz',
  id: 'getLiveness',
  summary: 'That the process answers.',
  scope: 'public',
  status: 200,
  answer: z.object({ status: z.literal('up') }),
  handle: async () => ({ body: { status: 'up' as const } }),
})

const ready = operation({
  method: 'get',
  path: '/readyz',
  id: 'getReadiness',
  summary: 'That the storage answers.',
  scope: 'public',
  status: 200,
  answer: z.object({ status: z.literal('up') }),
  refuses: ['storage-down'],
  handle: async ({ deps }) => {
    await deps.ping()
    return { body: { status: 'up' as const } }
  },
})

export const infoOperations: readonly Operation[] = [info, live, ready]

import * as z from 'zod'
import { operation } from '../operation/operation.ts'
import type { Operation } from '../operation/spec.ts'

/** Endpoints without authentication. */

const info = operation({
  method: 'get',
  path: '/admin/info',
  id: 'getInfo',
  summary: 'Identifies the core API. Clients request it before they sign in.',
  scope: 'public',
  status: 200,
  response: z.object({ app: z.object({ name: z.string(), api: z.string() }) }),
  handle: async () => ({ body: { app: { name: 'modelops-core', api: '1' } } }),
})

const live = operation({
  method: 'get',
  path: '/healthz',
  id: 'getLiveness',
  summary: 'The process is running.',
  scope: 'public',
  status: 200,
  response: z.object({ status: z.literal('up') }),
  handle: async () => ({ body: { status: 'up' as const } }),
})

const ready = operation({
  method: 'get',
  path: '/readyz',
  id: 'getReadiness',
  summary: 'The storage is reachable.',
  scope: 'public',
  status: 200,
  response: z.object({ status: z.literal('up') }),
  reasons: ['storage-down'],
  handle: async ({ deps }) => {
    await deps.ping()
    return { body: { status: 'up' as const } }
  },
})

export const infoOperations: readonly Operation[] = [info, live, ready]

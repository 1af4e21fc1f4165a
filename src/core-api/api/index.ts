import { connectionOperations } from './connections.ts'
import { defaultConnectionOperations } from './default-connection.ts'
import { infoOperations } from './info.ts'
import { jobConnectionOperations } from './job-connection.ts'
import type { Operation } from './operation.ts'
import { projectOperations } from './projects.ts'

/** Every endpoint of the core API. */
export const operations: readonly Operation[] = [
  ...infoOperations,
  ...projectOperations,
  ...connectionOperations,
  ...jobConnectionOperations,
  ...defaultConnectionOperations,
]

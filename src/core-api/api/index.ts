import type { Operation } from '../operation/spec.ts'
import { connectionOperations } from './connections.ts'
import { defaultConnectionOperations } from './default-connection.ts'
import { directoryOperations } from './directory.ts'
import { infoOperations } from './info.ts'
import { jobConnectionOperations } from './job-connection.ts'
import { projectOperations } from './projects.ts'

/** Every endpoint of the core API. */
export const operations: readonly Operation[] = [
  ...infoOperations,
  ...projectOperations,
  ...directoryOperations,
  ...connectionOperations,
  ...jobConnectionOperations,
  ...defaultConnectionOperations,
]

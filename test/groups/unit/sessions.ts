import { group } from '../group.ts'

group(
  'test/unit/gateway/{sessions,config,policy,projects,apps,pages,runtime}/**/*.test.ts',
  'test/unit/gateway/*.test.ts',
  'test/unit/shared/**/*.test.ts',
  'test/unit/*.test.ts',
)

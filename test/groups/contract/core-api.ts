import { group } from '../group.ts'

group('test/unit/core-api/**/*.test.ts')

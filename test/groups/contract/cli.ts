import { group } from '../group.ts'

group('test/unit/cli/**/*.test.ts')

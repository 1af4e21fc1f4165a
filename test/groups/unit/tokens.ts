import { group } from '../group.ts'

group('test/unit/gateway/tokens/**/*.test.ts')

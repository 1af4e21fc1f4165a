import { group } from '../group.ts'

group('test/unit/gateway/observability/*/**/*.test.ts')

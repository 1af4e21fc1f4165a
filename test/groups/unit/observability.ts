import { group } from '../group.ts'

group('test/unit/gateway/{audit,console,admin}/**/*.test.ts', 'test/unit/gateway/observability/*.test.ts')

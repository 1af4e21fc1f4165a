import { group } from '../group.ts'

group('test/unit/gateway/{observability,audit,console,admin}/**/*.test.ts')

import { group } from '../group.ts'

group('test/unit/infra/**/*.test.ts')

import { group } from '../group.ts'

group('test/unit/gateway/signin/**/*.test.ts')

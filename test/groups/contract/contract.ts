import { group } from '../group.ts'

group('test/contract/*.test.ts')

import { group } from '../group.ts'

group('test/unit/gateway/misbehaving-issuer/**/*.test.ts')

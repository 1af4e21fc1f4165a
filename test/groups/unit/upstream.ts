import { group } from '../group.ts'

group('test/unit/gateway/{upstream,forward,http,request,routing}/**/*.test.ts')

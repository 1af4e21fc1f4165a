import { coreApiSuite } from '../../core/suite.ts'

coreApiSuite('SQLite', async () => 'sqlite::memory:')

import { startActiveDirectory } from './active-directory.ts'
import { directorySuite } from './directory-suite.ts'

directorySuite('active-directory', startActiveDirectory)

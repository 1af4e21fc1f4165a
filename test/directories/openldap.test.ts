import { directorySuite } from './directory-suite.ts'
import { startOpenLdap } from './openldap.ts'

directorySuite('openldap', startOpenLdap)

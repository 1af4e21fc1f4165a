import type { Credentials } from '../crypto/credentials.ts'

/** The environment of a job: what `teradatamodelops` reads, with its current names and its previous ones. */
export type JobEnvironment = Readonly<Record<string, string>>

export interface JobTarget {
  readonly host: string
  readonly log_mech: string
  readonly database: string
  readonly valDb: string
  readonly byomDb: string
}

/** The client renames `AOA_…` to `VMO_…`. Older jobs read the previous names themselves. */
const PREFIXES = ['VMO', 'AOA']

/** Empty values are omitted: the client has defaults for missing variables, but not for empty ones. */
export function jobEnvironmentOf(target: JobTarget, { username, password }: Credentials): JobEnvironment {
  const variables: [string, string][] = [
    ['CONN_HOST', target.host],
    ['CONN_USERNAME', username],
    ['CONN_PASSWORD', password],
    ['CONN_LOG_MECH', target.log_mech],
    ['CONN_DATABASE', target.database],
    ['VAL_INSTALL_DB', target.valDb],
    ['BYOM_INSTALL_DB', target.byomDb],
  ]
  const present = variables.filter(([, value]) => value !== '')
  return Object.fromEntries(PREFIXES.flatMap((prefix) => present.map(([name, value]) => [`${prefix}_${name}`, value])))
}

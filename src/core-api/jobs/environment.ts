import type { Credentials } from '../credentials.ts'

/** The environment of a job: what `teradatamodelops` reads, under its present names and its former ones. */
export type JobEnvironment = Readonly<Record<string, string>>

export interface JobTarget {
  readonly host: string
  readonly log_mech: string
  readonly database: string
  readonly valDb: string
  readonly byomDb: string
}

/** The client renames `AOA_…` to `VMO_…`; older jobs read the former themselves. */
const PREFIXES = ['VMO', 'AOA']

/** What is empty is left out: the client has defaults for a name that is missing, none for one that is empty. */
export function environmentOf(target: JobTarget, { username, password }: Credentials): JobEnvironment {
  const values: [string, string][] = [
    ['CONN_HOST', target.host],
    ['CONN_USERNAME', username],
    ['CONN_PASSWORD', password],
    ['CONN_LOG_MECH', target.log_mech],
    ['CONN_DATABASE', target.database],
    ['VAL_INSTALL_DB', target.valDb],
    ['BYOM_INSTALL_DB', target.byomDb],
  ]
  const given = values.filter(([, value]) => value !== '')
  return Object.fromEntries(PREFIXES.flatMap((prefix) => given.map(([name, value]) => [`${prefix}_${name}`, value])))
}

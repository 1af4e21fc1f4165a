import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the probes of one way found. Written by `npm run test:airflow` with `WRITE=1`. */
export interface IsolationRow {
  /** `closed`: a way to another project; `works`: something that must not be blocked; `open`: a way that remains. */
  readonly kind: 'closed' | 'works' | 'open'
  readonly way: string
  readonly mode: 'team' | 'tag' | 'FAB'
  readonly probes: number
  readonly failed: number
}

export const ISOLATION_RESULTS = 'infra/airflow/isolation.json'

const MODES = ['team', 'tag', 'FAB'] as const

/** The section of docs/reference/isolation.md about Airflow. */
export function airflowIsolation(root = '.'): string {
  const rows = JSON.parse(readFileSync(join(root, ISOLATION_RESULTS), 'utf8')) as IsolationRow[]
  return [
    '## Airflow',
    '',
    'Airflow 3.3.2, in three modes. `team` and `tag` are two ways to',
    '[assign DAGs to projects](../guides/applications/airflow.md#assign-dags-to-projects) with the auth manager. `FAB` is the',
    'way with [roles of FAB](../guides/applications/airflow-fab.md). A number counts requests, or tasks, against a real Airflow',
    'by a caller without the right to them. A request that reads counts as closed if its response contains nothing of the',
    'other project and is the same as for a name that nobody uses. A request that changes something counts as closed if no',
    'row of the other project in the database has changed. The routes come from Airflow’s own routers: a new route fails the',
    'tests until it has a probe.',
    '',
    '### Closed',
    '',
    ...table(rows, 'closed', 'way to another project'),
    '',
    '### Allowed',
    '',
    'What members and administrators need, and the isolation must not block:',
    '',
    ...table(rows, 'works', 'requests'),
    '',
    '### What remains open in Airflow',
    '',
    'A test shows each of these:',
    '',
    ...rows.filter(({ kind }) => kind === 'open').map(({ way }) => `- ${way}.`),
    '',
    ...REMAINS,
    '',
  ].join('\n')
}

function table(rows: readonly IsolationRow[], kind: IsolationRow['kind'], title: string): string[] {
  const ways = [...new Set(rows.filter((row) => row.kind === kind).map(({ way }) => way))]
  const cell = (way: string, mode: string) => {
    const row = rows.find((each) => each.kind === kind && each.way === way && each.mode === mode)
    if (row === undefined) return '–'
    return row.failed === 0 ? `${row.probes}` : `**${row.failed} of ${row.probes + row.failed} open**`
  }
  return [
    `| ${title} | team | tag | FAB |`,
    '|---|---|---|---|',
    ...ways.map((way) => `| ${way} | ${MODES.map((mode) => cell(way, mode)).join(' | ')} |`),
  ]
}

const REMAINS = [
  'These follow from how Airflow is built:',
  '',
  '- **Code of DAG files has Airflow’s database.** The DAG processor and the triggerer run it with the credentials of the',
  '  database. Authors of different projects who do not trust each other need an Airflow of their own per project. Workers',
  '  per team ([compose](../guides/deploy/compose.md#separate-the-workers-of-projects),',
  '  [Kubernetes](../guides/deploy/kubernetes.md)) close the same way for tasks, not for files.',
  '- **With tags, authors decide.** Whoever writes a DAG chooses its tags. Variables, connections and pools have no project,',
  '  and the requests of tasks are not bound. Tags separate what people see, not what authors can do.',
  '- **With FAB, DAG ids and tasks are not bound to projects.** FAB knows no teams. Variables, connections, pools, assets,',
  '  import errors, backfills and the audit log cannot be divided among roles: members see none of them.',
  '- **Names are shared.** All projects of an Airflow share the names of DAGs, variables and connections. With',
  '  `names = free`, somebody who tries a name learns whether it is taken.',
  '- **Capacity is shared.** `default_pool` shows the slots that all projects use. Pools of their own limit projects.',
  '- **Rows without a team are readable by the tasks of all teams.** Administrators can share variables and connections',
  '  this way.',
  '- **An asset of two projects belongs to neither.** If both produce it, its details are the administrators’.',
  '- **Airflow accepts an assertion for 20 seconds.** Somebody who reads one between the gateway and Airflow can send it to',
  '  Airflow in that time, unless both have a [common secret](../guides/applications/airflow.md#accept-each-request-once).',
] as const

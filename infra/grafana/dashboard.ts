import type { Panel, Query, Row } from './panel.ts'
import { access } from './rows/access.ts'
import { audit } from './rows/audit.ts'
import { configuration } from './rows/configuration.ts'
import { overview } from './rows/overview.ts'
import { peers } from './rows/peers.ts'
import { processes } from './rows/processes.ts'
import { projects } from './rows/projects.ts'
import { sessions } from './rows/sessions.ts'
import { traffic } from './rows/traffic.ts'
import { upstreams } from './rows/upstreams.ts'

export const ROWS: readonly Row[] = [
  ...[overview, traffic, access, sessions, peers, upstreams, projects],
  ...[processes, configuration, audit],
]

const COLUMNS = 24
const HEIGHT = { timeseries: 8, stat: 4, table: 8 }
const WIDTH = { timeseries: 8, stat: 3, table: 12 }
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** The dashboard as Grafana imports it: one generated file, the same for every installation. */
export function dashboardFile(): string {
  return `${JSON.stringify(dashboard(), undefined, 2)}\n`
}

function dashboard() {
  return {
    title: 'modelops-gateway',
    uid: 'modelops-gateway',
    description: 'Traffic, access, sessions, dependencies and processes of modelops-gateway.',
    tags: ['modelops-gateway'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-3h', to: 'now' },
    refresh: '30s',
    timezone: 'browser',
    templating: { list: VARIABLES },
    annotations: { list: [RELOADS] },
    links: [],
    panels: placed(ROWS),
  }
}

/** Reloads of the configuration as vertical lines: most incidents begin with a change. */
const RELOADS = {
  name: 'Configuration reloads',
  datasource: DATASOURCE,
  enable: true,
  iconColor: 'blue',
  expr: 'changes(modelops_gateway_config_last_reload_success_timestamp_seconds{job=~"$job"}[1m]) > 0',
  titleFormat: 'configuration reloaded',
  textFormat: '{{instance}}',
}

/** A variable that lists the values of a label. */
const labelVariable = (name: string, label: string, query: string, multi = true) => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  sort: 1,
  multi,
  includeAll: true,
  allValue: '.*',
  current: { selected: true, text: ['All'], value: ['$__all'] },
})

const VARIABLES = [
  { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, current: {} },
  labelVariable('job', 'Job', 'label_values(modelops_gateway_build_info, job)'),
  labelVariable('instance', 'Replica', 'label_values(modelops_gateway_build_info{job=~"$job"}, instance)'),
  labelVariable('route', 'Route', 'label_values(http_server_request_duration_seconds_count{job=~"$job"}, route)'),
  labelVariable('project', 'Project', 'label_values(modelops_gateway_project_requests_total{job=~"$job"}, project)'),
]

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** Panels from left to right; each row begins with its title. */
function placed(rows: readonly Row[]): object[] {
  const panels: object[] = []
  let y = 0
  for (const { title, panels: own } of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 } })
    y += 1
    let x = 0
    let height = 0
    for (const panel of own) {
      const [w, h] = [panel.width ?? WIDTH[panel.kind], HEIGHT[panel.kind]]
      if (x + w > COLUMNS) [x, y, height] = [0, y + height, 0]
      panels.push(panelAt(panel, panels.length + 1, { x, y, w, h }))
      x += w
      height = Math.max(height, h)
    }
    y += height
  }
  return panels
}

const panelAt = (panel: Panel, id: number, gridPos: Place) => ({
  id,
  type: panel.kind,
  title: panel.title,
  description: panel.description,
  datasource: DATASOURCE,
  gridPos,
  targets: panel.queries.map((query, index) => target(query, index, panel.kind)),
  fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
  options: OPTIONS[panel.kind],
})

const target = ({ expr, legend }: Query, index: number, kind: Panel['kind']) => ({
  refId: String.fromCharCode(65 + index),
  datasource: DATASOURCE,
  expr,
  legendFormat: legend,
  ...(kind === 'timeseries' ? { range: true } : { instant: true }),
  ...(kind === 'table' && { format: 'table' }),
})

const fieldDefaults = ({ kind, unit, thresholds = [] }: Panel) => ({
  unit,
  ...(kind === 'timeseries' && { min: 0, custom: { fillOpacity: 10, lineWidth: 1, showPoints: 'never' } }),
  ...(thresholds.length > 0 && {
    color: { mode: 'thresholds' },
    thresholds: { mode: 'absolute', steps: thresholds.map(({ color, from = null }) => ({ color, value: from })) },
  }),
})

const OPTIONS = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  stat: { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'background' },
  table: { showHeader: true },
}

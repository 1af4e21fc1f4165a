/** One line of a panel. */
export interface Query {
  /** PromQL with the variables of the dashboard. */
  readonly expr: string
  /** `{{label}}` stands for a label. */
  readonly legend: string
  /** Why a healthy gateway may have no series for it. Undefined: there is always one. */
  readonly mayBeEmpty?: string
}

/** Units of Grafana. */
type Unit = 'short' | 'reqps' | 'ops' | 's' | 'percentunit' | 'Bps' | 'bytes' | 'd' | 'bool_yes_no'

export interface Panel {
  readonly title: string
  /** Shown behind the (i) of the panel: what a value means, and when to worry. */
  readonly description: string
  readonly kind: 'timeseries' | 'stat' | 'table'
  readonly unit: Unit
  readonly queries: readonly Query[]
  /** Of 24 columns. Default: a third for a time series, an eighth for one value. */
  readonly width?: number
  /** Colours of one value, from the lowest. */
  readonly thresholds?: readonly { readonly color: 'green' | 'yellow' | 'red'; readonly from?: number }[]
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** Selects what the variables at the top of the dashboard name. */
export const SELECTED = 'job=~"$job",instance=~"$instance"'
export const ROUTES = `${SELECTED},route=~"$route"`
export const PROJECTS = `${SELECTED},project=~"$project"`

export const rate = (metric: string, labels = SELECTED) => `rate(${metric}{${labels}}[$__rate_interval])`
export const sumBy = (by: string, expr: string) => `sum by (${by}) (${expr})`

/** A quantile of a histogram. @param by Labels beside the bucket, each followed by a comma */
export const quantile = (q: number, by: string, metric: string, labels = SELECTED) =>
  `histogram_quantile(${q}, ${sumBy(`${by}le`, rate(`${metric}_bucket`, labels))})`

/** A rate by labels, named by them. @param mayBeEmpty See {@link Query} */
export const rateBy = (by: string, metric: string, mayBeEmpty: string, legend = `{{${by}}}`): Query => ({
  expr: sumBy(by, rate(metric)),
  legend,
  mayBeEmpty,
})

/** A quantile of a histogram by one label, named by it. */
export const quantileBy = (q: number, by: string, metric: string): Query => ({
  expr: quantile(q, `${by}, `, metric),
  legend: `{{${by}}}`,
})

export const timeseries = (
  title: string,
  description: string,
  unit: Unit,
  queries: readonly Query[],
  more: Partial<Panel> = {},
): Panel => ({ kind: 'timeseries', title, description, unit, queries, ...more })

/** One value. @param thresholds Colours */
export const stat = (
  title: string,
  description: string,
  unit: Unit,
  expr: string,
  thresholds: NonNullable<Panel['thresholds']> = [{ color: 'green' }],
): Panel => ({ kind: 'stat', title, description, unit, queries: [{ expr, legend: title }], thresholds })

/** 0 is red. */
export const YES: NonNullable<Panel['thresholds']> = [{ color: 'red' }, { color: 'green', from: 1 }]
/** More than 0 is red. */
export const NONE: NonNullable<Panel['thresholds']> = [{ color: 'green' }, { color: 'red', from: 1 }]

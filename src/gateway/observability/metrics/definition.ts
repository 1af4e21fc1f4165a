/** One metric as the catalogue describes it. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence, for `/metrics` and the reference. */
  readonly help: string
  /** What a value counts: seconds, bytes, or a noun. */
  readonly unit: string
  /** Labels by name, each with the values it can have. Every label is bounded by the configuration or by a closed list. */
  readonly labels: Readonly<Record<string, string>>
  /** How the values of several workers become one. Default: their sum. */
  readonly aggregator?: 'min' | 'max' | 'sum'
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[]
  /** What else the reader of the reference should know. */
  readonly note?: string
}

/** Upper bounds for requests that people wait for, seconds. */
export const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]
/** Upper bounds for single calls to a store, an issuer or an upstream, seconds. */
export const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

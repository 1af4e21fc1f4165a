/** A series that Prometheus computes from others. Names: level, metric, operation. */
export interface Recording {
  readonly record: string
  readonly expr: string
}

/** Critical: somebody is called now. Warning: somebody looks at it on the same day. */
export type Severity = 'critical' | 'warning'

export interface Alert {
  readonly alert: `ModelopsGateway${string}`
  /** PromQL. One series for each thing that is broken. */
  readonly expr: string
  /** How long the expression must hold. Undefined: no longer than one evaluation. */
  readonly for?: string
  readonly severity: Severity
  /** One line for a pager: what is wrong and where. */
  readonly summary: string
  /** What users notice, and what is known. */
  readonly description: string
}

export interface RuleGroup {
  readonly name: string
  readonly rules: readonly (Recording | Alert)[]
}

export const isAlert = (rule: Recording | Alert): rule is Alert => 'alert' in rule

/**
 * Selects the gateway's targets. A scrape configuration names its job accordingly; the Helm chart replaces this text by
 * the namespace and the job of its release.
 */
export const TARGETS = 'job=~".*modelops-gateway.*"'

/** One deployment of the gateway: its replicas together. Outside of Kubernetes there is no namespace. */
export const DEPLOYMENT = 'namespace, job'

/** The page about an alert: `ModelopsGatewayIssuerDown` has `issuer-down`. */
export const pageOf = (alert: string): string =>
  alert
    .replace(/^ModelopsGateway/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase()

/** Folder of the runbooks in this repository. */
export const RUNBOOKS = 'docs/guides/operate/runbooks'

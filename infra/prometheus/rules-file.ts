import { stringify } from 'yaml'
import { audit } from './groups/audit.ts'
import { configuration } from './groups/configuration.ts'
import { dependencies } from './groups/dependencies.ts'
import { recordings } from './groups/recordings.ts'
import { replicas } from './groups/replicas.ts'
import { signIn } from './groups/sign-in.ts'
import { upstreams } from './groups/upstreams.ts'
import { type Alert, isAlert, pageOf, RUNBOOKS, type RuleGroup } from './rule.ts'

export const GROUPS: readonly RuleGroup[] = [
  recordings,
  replicas,
  dependencies,
  signIn,
  upstreams,
  configuration,
  audit,
]

/** Every alert rule, in the order of the file. One name occurs once for each severity. */
export const ALERTS: readonly Alert[] = GROUPS.flatMap(({ rules }) => rules.filter(isAlert))

const HEADER = `# Recording and alert rules for Prometheus. Generated from infra/prometheus by \`npm run docs\`.
# Name the gateway's job in your scrape configuration so that it contains "modelops-gateway".
`

/** A rules file, which Prometheus reads with \`rule_files\`. */
export function rulesFile(): string {
  const groups = GROUPS.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) => (isAlert(rule) ? alertRule(rule) : rule)),
  }))
  return HEADER + stringify({ groups }, { lineWidth: 0, blockQuote: 'literal' })
}

function alertRule(rule: Alert) {
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.for !== undefined && { for: rule.for }),
    labels: { severity: rule.severity },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      runbook_url: `${RUNBOOKS}/${pageOf(rule.alert)}.md`,
    },
  }
}

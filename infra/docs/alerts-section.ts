import { readFileSync } from 'node:fs'
import { type Alert, pageOf, RUNBOOKS } from '../prometheus/rule.ts'
import { ALERTS } from '../prometheus/rules-file.ts'
import { withSection } from './generated-section.ts'

const SECTION = {
  page: 'docs/guides/operate/alerts.md',
  begin: '<!-- alerts: generated from infra/prometheus by `npm run docs` -->',
  end: '<!-- /alerts -->',
}

/** `docs/guides/operate/alerts.md` with the table of alerts. */
export const alertsPage = (): string => withSection(SECTION, alertsTable())

const alertsTable = () =>
  ['| alert | severity | fires after | what it says |', '| --- | --- | --- | --- |', ...ALERTS.map(alertRow)].join('\n')

const alertRow = (alert: Alert) =>
  `| [\`${alert.alert}\`](runbooks/${pageOf(alert.alert)}.md) | ${alert.severity} | ${alert.for ?? 'at once'} | ${titleOf(alert)} |`

/** The heading of its runbook. */
function titleOf({ alert }: Alert): string {
  const page = `${RUNBOOKS}/${pageOf(alert)}.md`
  const title = /^# (.+)$/m.exec(readFileSync(page, 'utf8'))?.[1]
  if (title === undefined) throw new Error(`${page}: expected a heading`)
  return title
}

import { METRIC_SECTIONS } from '../../src/gateway/observability/metrics/catalogue.ts'
import type { MetricDefinition } from '../../src/gateway/observability/metrics/definition.ts'

const INTRO = [
  '# Metrics',
  '',
  '`/metrics` on the admin listener (`server.adminListen`) exposes these metrics in the text format of Prometheus. How to scrape',
  'and use them: [Monitor the gateway with Prometheus](../guides/operate/metrics.md). The default metrics of Node',
  '(`process_*`, `nodejs_*`) are exposed too.',
  '',
  '- Labels are bounded. Their values come from the configuration or from a closed list, never from what a client sends.',
  '- With several workers, the values are those of all workers together: sums, unless a metric says something else. What a',
  '  worker had counted stays in the sum when it exits.',
  '- A series appears when something is first counted in it.',
  '',
  'This page is generated from `src/gateway/observability/metrics/catalogue`.',
]

const TOGETHER = { min: 'the smallest', max: 'the largest', sum: 'sum' }

/** Every metric of the gateway's own. */
export function metricsPage(): string {
  const sections = METRIC_SECTIONS.flatMap(({ title, metrics }) => [
    `\n## ${title}\n`,
    '| metric | type | counts | labels | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries<MetricDefinition>(metrics).map(([name, definition]) => metricRow(name, definition)),
  ])
  return `${[...INTRO, ...sections].join('\n')}\n`
}

function metricRow(name: string, { type, unit, labels, help, note, aggregator = 'sum' }: MetricDefinition): string {
  const names = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${values}`)
  const together = aggregator === 'sum' ? '' : ` Of several workers: ${TOGETHER[aggregator]}.`
  const cells = [`\`${name}\``, type, unit, names.join('<br>'), `${help}${note ? ` ${note}` : ''}${together}`]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

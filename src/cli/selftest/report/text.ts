import { SECTIONS, type Section, type Status } from '../case.ts'
import { bySection, CONCLUSIONS, counts, type Run } from './run.ts'

/** Signs and words: the meaning does not depend on a font or a color. */
const SIGNS: Readonly<Record<Status, string>> = {
  pass: '✓ passed',
  warning: '! warning',
  fail: '✗ failed',
  'not run': '- not run',
}
const WIDTH = 10
const INDENT = ' '.repeat(WIDTH + 2)

/** For a terminal or an e-mail. What passed takes one line; everything else says why, and what to do. */
export function asText(run: Run): string {
  const lines = [`Selftest of ${run.origin}, ${run.startedAt.toISOString()}, modelops-gateway ${run.version}`, '']
  for (const [section, results] of bySection(run)) {
    lines.push(headingOf(section))
    for (const { case: each, verdict } of results) {
      lines.push(`  ${SIGNS[verdict.status].padEnd(WIDTH)}${each.title} [${each.id}]`)
      if (verdict.status === 'not run') lines.push(`${INDENT}${verdict.detail}`)
      if (verdict.status === 'fail' || verdict.status === 'warning')
        lines.push(
          `${INDENT}Sent: ${each.sent}`,
          `${INDENT}Expected: ${each.demanded}`,
          `${INDENT}Received: ${verdict.detail}`,
          `${INDENT}Fix: ${each.fix}`,
          `${INDENT}Source: ${each.source}`,
        )
    }
  }
  lines.push('', `${counts(run)}; ${run.seconds.toFixed(1)} seconds`, CONCLUSIONS[run.exitCode] ?? '')
  return lines.join('\n')
}

const headingOf = (section: Section) => `${SECTIONS[section]} (${section})`

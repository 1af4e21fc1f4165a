import { type AsvsRow, asvsRows, STATUSES } from '../../test/requirements/asvs/asvs.ts'
import { CHAPTERS, levelOf } from '../../test/requirements/asvs/levels.ts'

const SHOWN: Readonly<Record<AsvsRow['status'], string>> = {
  met: 'met',
  partly: '**partly**',
  gap: '**gap**',
  'n/a': 'not applicable',
}

/** The checklist of OWASP ASVS 5.0.0, levels 1 and 2, with evidence. */
export function asvsPage(): string {
  const rows = asvsRows()
  const intro = [
    '# OWASP ASVS 5.0, levels 1 and 2',
    '',
    'This checklist says for each requirement of level 1 and level 2 of the',
    '[OWASP Application Security Verification Standard 5.0.0](https://github.com/OWASP/ASVS/tree/v5.0.0/5.0) what the gateway and',
    'the core API do, with evidence. It was made by the project itself. Nobody outside has verified it, and it is not a',
    'certification. The requirements are named by number, in short words of our own: read the standard for their text.',
    '',
    '- **met**: done, with evidence. **partly**: done for a part, or left to the operator or the application.',
    '- **gap**: not done. **not applicable**: the product has no such function, or it is the issuer’s.',
    '',
    'A test fails if a requirement is missing or named twice, or if evidence does not exist. This page is generated from the text',
    'files in `test/requirements/asvs`. See also the [threat model](../explanation/threat-model.md) and the',
    '[security requirements and their tests](requirements.md).',
    '',
    '## Summary',
    '',
    '| chapter | met | partly | gap | not applicable |',
    '|---|---|---|---|---|',
    ...Object.entries(CHAPTERS).map(([chapter, name]) => summaryRow(`V${chapter} ${name}`, of(rows, chapter))),
    summaryRow('all', rows),
    '',
    '## What is missing',
    '',
    ...rows
      .filter(({ status }) => status === 'gap')
      .map(({ number, asks, why }) => `- **V${number}**, ${asks}: ${why}`),
  ]
  const chapters = Object.entries(CHAPTERS).flatMap(([chapter, name]) => [
    `\n## V${chapter} ${name}\n`,
    '| number | level | requirement | status | why | evidence |',
    '|---|---|---|---|---|---|',
    ...of(rows, chapter).map(line),
  ])
  return `${[...intro, ...chapters].join('\n')}\n`
}

const of = (rows: readonly AsvsRow[], chapter: string) => rows.filter(({ number }) => number.startsWith(`${chapter}.`))

function summaryRow(name: string, rows: readonly AsvsRow[]): string {
  const counts = STATUSES.map((status) => rows.filter((each) => each.status === status).length)
  return `| ${[name, ...counts].join(' | ')} |`
}

function line({ number, asks, status, why, evidence }: AsvsRow): string {
  const links = evidence.map((path) => `[${path.split('/').at(-1)}](${linkTo(path)})`)
  return `| ${[number, levelOf(number), asks, SHOWN[status], why, links.join(', ')].join(' | ')} |`
}

/** From `docs/reference`. */
const linkTo = (path: string): string =>
  path.startsWith('docs/') ? `../${path.slice('docs/'.length)}`.replace('../reference/', '') : `../../${path}`

import { createHash } from 'node:crypto'
import { Html, html } from '../../../gateway/pages/html.ts'
import { type Result, SECTIONS, type Section } from '../case.ts'
import { bySection, CONCLUSIONS, countOf, counts, NAMES, type Run, STATUSES } from './run.ts'
import { STYLE } from './style.ts'

/** A page that needs nothing else: no script, and no request. */
export function asHtml(run: Run): string {
  const digest = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${digest}'`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Selftest of ${run.origin}: ${counts(run)}</title>
<style>${Html.trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>Selftest of ${run.origin}</h1>
<p class="muted">${run.startedAt.toISOString()}, ${run.seconds.toFixed(1)} seconds, modelops-gateway ${run.version}</p>
<p><strong>${CONCLUSIONS[run.exitCode]}</strong></p>
</header>
<main>
<ul class="counts" aria-label="Results">
${STATUSES.map((status) => html`<li><b>${countOf(run, status)}</b> ${NAMES[status]}</li>`)}
</ul>
<nav aria-label="Sections"><ul>
${[...bySection(run)].map(([section, results]) => html`<li><a href="#${section}">${SECTIONS[section]}</a>: ${counts({ results })}</li>`)}
</ul></nav>
${[...bySection(run)].map(([section, results]) => sectionOf(section, results))}
</main>
</body>
</html>
`.toString()
}

const sectionOf = (section: Section, results: readonly Result[]) => html`<section aria-labelledby="${section}">
<h2 id="${section}">${SECTIONS[section]}</h2>
${results.map(caseOf)}
</section>
`

const caseOf = ({ case: each, verdict }: Result) => html`<article class="${verdict.status.replace(' ', '-')}">
<h3><span class="status">${NAMES[verdict.status]}</span>: ${each.title}</h3>
<dl>
<dt>Case</dt><dd><code>${each.id}</code></dd>
<dt>Sent</dt><dd>${each.sent}</dd>
<dt>Expected</dt><dd>${each.demanded}</dd>
<dt>Received</dt><dd>${verdict.detail}</dd>
${(verdict.status === 'fail' || verdict.status === 'warning') && html`<dt>Fix</dt><dd>${each.fix}</dd>`}
<dt>Source</dt><dd>${each.source}</dd>
</dl>
</article>
`

import type * as z from 'zod'
import { operations } from '../../src/core-api/api/index.ts'
import { coreConfigSchema } from '../../src/core-api/config.ts'
import { openApiDocument } from '../../src/core-api/operation/openapi.ts'
import { keysOf, RELOADABLE } from '../../src/gateway/config/changes.ts'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { REASONS } from '../../src/gateway/errors.ts'
import { settingsJsonSchema } from '../../src/shared/settings/json-schema.ts'
import { SECTIONS } from '../../test/requirements.ts'
import { dashboardFile } from '../grafana/dashboard.ts'
import { valuesJsonSchema } from '../helm/chart-files.ts'
import { valuesPage } from '../helm/values-page.ts'
import { rulesFile } from '../prometheus/rules-file.ts'
import { publicSurface } from '../surface/public-surface.ts'
import { alertsPage } from './alerts-section.ts'
import { asvsPage } from './asvs-page.ts'
import { auditPage, auditSchema } from './audit-page.ts'
import { clientsPage } from './clients-page.ts'
import { conformancePage } from './conformance-page.ts'
import { isolationPage } from './isolation-page.ts'
import { metricsPage } from './metrics-page.ts'
import { mlflowIsolationPage } from './mlflow-isolation.ts'
import { mutationPage } from './mutation-page.ts'
import { architecturePage } from './rooms-section.ts'
import { type Node, row } from './row.ts'

/** The pages, or parts of them, that are generated from the program's own tables. `npm run docs` writes them. */
export const referencePages: Record<string, () => string | Promise<string>> = {
  'docs/reference/configuration.md': () =>
    configurationPage(
      configSchema,
      '# Configuration',
      [
        '`modelops-gateway check --config FILE` checks a file, `modelops-gateway schema` prints the JSON Schema for editors.',
        'SIGHUP applies changes without a restart, except those marked **restart**.',
      ],
      new Set(
        keysOf(RELOADABLE)
          .filter(({ takes }) => takes === 'restart')
          .map(({ path }) => path),
      ),
    ),
  'docs/reference/core-configuration.md': () =>
    configurationPage(coreConfigSchema, '# Configuration of the core API', [
      'Read by `modelops-gateway core --config FILE`, a service of its own.',
    ]),
  'docs/reference/core-openapi.json': () => `${JSON.stringify(openApiDocument(operations), undefined, 1)}\n`,
  'docs/reference/audit.md': auditPage,
  'docs/reference/audit-event.schema.json': auditSchema,
  'docs/reference/clients.md': clientsPage,
  'docs/reference/isolation.md': isolationPage,
  'docs/reference/openid-conformance.md': conformancePage,
  'docs/reference/reasons.md': reasonsPage,
  'docs/reference/helm-values.md': valuesPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/mutation.md': mutationPage,
  'infra/helm/modelops-gateway/values.schema.json': valuesJsonSchema,
  'infra/prometheus/modelops-gateway.rules.yaml': rulesFile,
  'infra/grafana/modelops-gateway.json': dashboardFile,
  // The chart reads only files of its own folder.
  'infra/helm/modelops-gateway/files/rules.yaml': rulesFile,
  'infra/helm/modelops-gateway/files/dashboard.json': dashboardFile,
  'docs/reference/requirements.md': requirementsPage,
  'docs/reference/asvs.md': asvsPage,
  'docs/explanation/architecture.md': architecturePage,
  'docs/guides/operate/alerts.md': alertsPage,
  'docs/explanation/mlflow-isolation.md': mlflowIsolationPage,
  'test/contract/surface/current.txt': publicSurface,
}

/** @param restart Sections and keys whose changes need a restart, as dotted paths */
function configurationPage(
  of: z.ZodObject,
  title: string,
  about: readonly string[],
  restart: ReadonlySet<string> = new Set(),
): string {
  const schema = settingsJsonSchema(of) as Node
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, node]) => [
    `\n## ${name}\n`,
    ...(node.description ? [`${node.description}\n`] : []),
    '| key | default | meaning |',
    '|---|---|---|',
    ...keyRows(name, node, restart),
  ])
  const intro = [
    title,
    '',
    'YAML. Every string may contain `${env:NAME}` or `${file:PATH}`. Unknown keys are errors. All errors are reported together.',
    ...about,
    'This page is generated from the schema.',
  ]
  return `${[...intro, ...rows].join('\n')}\n`
}

/** One row per leaf; lists of mappings continue with `[]`, alternatives of a mapping follow one another. */
function keyRows(path: string, node: Node, restart: ReadonlySet<string>): string[] {
  const variants = node.oneOf ?? node.anyOf
  if (variants?.some((variant) => variant.properties))
    return [...new Set(variants.flatMap((variant) => keyRows(path, variant, restart)))]
  if (node.properties) {
    const required = new Set(node.required)
    const current = Object.entries(node.properties).filter(([, child]) => !child.deprecated)
    return current.flatMap(([key, child]) => {
      const at = `${path}.${key}`
      const variants = child.items?.properties ?? child.oneOf ?? child.items?.oneOf
      const nested = (child.properties ?? variants) ? keyRows(at, child, restart) : []
      const own = child.properties ? [] : [row(at, child, required.has(key), restart.has(at) || restart.has(path))]
      return [...own, ...nested.filter((line) => !own.includes(line))]
    })
  }
  if (node.items?.properties ?? node.items?.oneOf) return keyRows(`${path}[]`, node.items, restart)
  return [row(path, node, true)]
}

function reasonsPage(): string {
  const rows = Object.entries(REASONS).map(
    ([reason, { status, text, hint }]) => `| \`${reason}\` | ${status} | ${text} | ${hint} |`,
  )
  return [
    '# Reasons',
    '',
    'Every denied request has one of these reasons. JSON responses contain it as `reason`, next to `request_id`; pages show',
    'it below the text. The list is closed, and a reason is never renamed. This page is generated from',
    '`src/gateway/errors.ts`.',
    '',
    '| reason | status | text | what to do next |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** The requirements and their tests, for reviewers. */
function requirementsPage(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const sections = SECTIONS.flatMap(({ title, rows }) => [
    `\n## ${title}\n`,
    '| ID | requirement | tests |',
    '|---|---|---|',
    ...rows.map(({ id, text, tests }) => {
      const proofs = tests.map(([file, name]) => `${cell(name)} ([${file.split('/').at(-1)}](../../${file}))`)
      return `| ${id} | ${cell(text)} | ${proofs.join('; ')} |`
    }),
  ])
  const intro = [
    '# Security requirements and their tests',
    '',
    'What an attacker must not achieve, and the tests that try it. `test/attacks/cases` contains bytes that are sent through raw',
    'sockets to the whole gateway and, for headers and paths, also through a real Caddy (`test/caddy/attacks.test.ts`). A test',
    'fails if one of the named tests is missing. This page is generated from `test/requirements.ts`.',
  ]
  return `${[...intro, ...sections].join('\n')}\n`
}

import { readFileSync } from 'node:fs'
import { CATALOGUES, type CatalogueFile } from '../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { withSection } from './generated-section.ts'

const SECTION = {
  page: 'docs/explanation/mlflow-isolation.md',
  begin: '<!-- fields: generated from the catalogues and the results of the probes by `npm run docs` -->',
  end: '<!-- /fields -->',
}
/** Written by `npm test -- --tier isolation` where `PROBE_RESULTS=write`; otherwise the tier compares it with what it sees. */
const RESULTS = 'test/mlflow/probes/results.json'

/** What another project's identifier did, by field and request: without the gateway, and through it. */
interface Probe {
  readonly fieldClass: string
  readonly direct: string
  readonly gateway: string
}
/** By release; `own`: requests with identifiers of the own project that had the same status with and without the gateway. */
type Results = Readonly<
  Record<string, { readonly own: number; readonly probes: Readonly<Record<string, Probe>> } | undefined>
>
const probesOf = (results: Results, release: string) => Object.entries(results[release]?.probes ?? {})

/** `docs/explanation/mlflow-isolation.md` with what the probes have found. */
export function mlflowIsolationPage(): string {
  const results = readResults()
  return withSection(SECTION, `${figures(results)}\n\n${checkedFields(results)}`)
}

/** How many routes and fields of each release are in which class. */
export const mlflowFigures = (): string => figures(readResults())

const readResults = (): Results => JSON.parse(readFileSync(RESULTS, 'utf8'))

const RELEASES = Object.entries(CATALOGUES) as [string, CatalogueFile][]

function figures(results: Results): string {
  const happened = (what: RegExp, release: string, way: 'direct' | 'gateway') =>
    probesOf(results, release).filter(([, probe]) => probe.fieldClass !== 'plain' && what.test(probe[way])).length
  const rows: [string, (release: string, file: CatalogueFile) => number][] = [
    ['routes for viewers', (_, file) => file.viewer.length],
    ['routes for members who are not viewers', (_, file) => file.editor.length],
    ['routes for administrators', (_, file) => file.admin.length],
    ['routes that nobody reaches', (_, file) => file.denied.length],
    ['fields that MLflow looks up within the workspace', (_, file) => count(file, 'workspace')],
    ['fields that the gateway looks up first', (_, file) => count(file, 'checked') + count(file, 'derived')],
    ['fields that repeat the path, and must agree with it', (_, file) => count(file, 'path')],
    ['fields that are refused or removed', (_, file) => count(file, 'refused') + count(file, 'removed')],
    ['fields that identify nothing', (_, file) => count(file, 'plain')],
    ['probes: requests with another project’s identifier', (release) => probesOf(results, release).length],
    [
      '… that changed or disclosed something without the gateway',
      (release) => happened(/changed|disclosed/, release, 'direct'),
    ],
    [
      '… that told it apart from one that does not exist, without the gateway',
      (release) => happened(/told apart/, release, 'direct'),
    ],
    [
      '… that changed or disclosed something through the gateway',
      (release) => happened(/changed|disclosed/, release, 'gateway'),
    ],
    ['… that told it apart through the gateway', (release) => happened(/told apart/, release, 'gateway')],
    ['requests with own identifiers, the same with and without the gateway', (release) => results[release]?.own ?? 0],
  ]
  const head = ['| figure |', ...RELEASES.map(([release]) => ` ${release} |`)].join('')
  const rule = ['| --- |', ...RELEASES.map(() => ' --- |')].join('')
  const lines = rows.map(([name, of]) =>
    [`| ${name} |`, ...RELEASES.map(([release, file]) => ` ${of(release, file)} |`)].join(''),
  )
  return [head, rule, ...lines].join('\n')
}

function count(file: CatalogueFile, fieldClass: string): number {
  const own = Object.values(file.requests ?? {}).flatMap(({ path, headers, fields }) =>
    [path, headers, fields].flatMap((part) => Object.values(part ?? {})),
  )
  const shaped = Object.values(file.shapes ?? {}).flatMap((fields) => Object.values(fields))
  return [...own, ...shaped].filter((text) => text.split(' ')[0] === fieldClass).length
}

/** The fields that MLflow does not look up within the workspace. */
function checkedFields(results: Results): string {
  const open = new Map<string, Map<string, string>>()
  for (const [release] of RELEASES)
    for (const [probe, { fieldClass, direct }] of probesOf(results, release)) {
      const [owner = ''] = probe.split(' | ')
      if (direct === 'held' || !/^(?:checked|derived|refused)/.test(fieldClass)) continue
      const byRelease = open.get(owner) ?? new Map<string, string>()
      open.set(owner, byRelease.set(release, direct))
    }
  const head = ['| field |', ...RELEASES.map(([release]) => ` ${release} without the gateway |`)].join('')
  const rule = ['| --- |', ...RELEASES.map(() => ' --- |')].join('')
  const lines = [...open]
    .sort()
    .map(([owner, byRelease]) =>
      [`| \`${owner}\` |`, ...RELEASES.map(([release]) => ` ${byRelease.get(release) ?? 'held'} |`)].join(''),
    )
  return [head, rule, ...lines].join('\n')
}

import { posix } from 'node:path'

/**
 * The navigation of the website: every page of `docs/` once. An entry is a page, or a folder and means the pages in it and
 * below that have no entry of their own, so that a new page is never an orphan.
 */
export interface Group {
  readonly title: string
  readonly entries: readonly (string | Group)[]
}

export const SITE_MAP: readonly Group[] = [
  { title: 'Tutorials', entries: ['docs/tutorials/first-login.md', 'docs/tutorials'] },
  {
    title: 'How-to guides',
    entries: [
      {
        title: 'Install',
        entries: ['docs/guides/deploy/server.md', 'docs/guides/deploy/compose.md', 'docs/guides/deploy'],
      },
      { title: 'Issuers', entries: ['docs/guides/issuers/keycloak.md', 'docs/guides/issuers'] },
      {
        title: 'Applications',
        entries: [
          'docs/guides/applications/mlflow.md',
          'docs/guides/applications/airflow.md',
          'docs/guides/applications',
        ],
      },
      { title: 'Clients', entries: ['docs/guides/clients/overview.md', 'docs/guides/clients'] },
      {
        title: 'Operate',
        entries: [
          ...['docs/guides/operate/doctor.md', 'docs/guides/operate/troubleshooting.md', 'docs/guides/operate'],
          { title: 'Runbooks of the alerts', entries: ['docs/guides/operate/runbooks'] },
        ],
      },
      { title: 'More guides', entries: ['docs/guides'] },
    ],
  },
  {
    title: 'Reference',
    entries: [
      'docs/reference/configuration.md',
      'docs/reference/endpoints.md',
      'docs/reference/reasons.md',
      'docs/reference',
    ],
  },
  {
    title: 'Explanation',
    entries: [
      ...['docs/explanation/architecture.md', 'docs/explanation', 'docs'],
      { title: 'Decisions', entries: ['docs/adr/README.md', 'docs/adr'] },
    ],
  },
  { title: 'Project', entries: ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'SUPPORT.md'] },
]

/** An item of the sidebar as VitePress reads it. */
export interface SidebarItem {
  readonly text: string
  readonly link?: string
  readonly items?: readonly SidebarItem[]
}

/** Source files in the order of the sidebar, by group. */
export type FilledGroup = Omit<Group, 'entries'> & { readonly entries: readonly (string | FilledGroup)[] }

/**
 * Puts the pages into the groups. A page goes to its own entry, otherwise to the deepest folder that contains it.
 * @param pages source files, such as `docs/guides/deploy/server.md`
 * @throws Error for a page without a place
 */
export function fillGroups(pages: readonly string[], groups: readonly Group[] = SITE_MAP): FilledGroup[] {
  const named = new Set(entriesOf(groups))
  const placeOf = (page: string) => {
    let place = page
    while (!named.has(place) && place !== '.') place = posix.dirname(place)
    if (place === '.') throw new Error(`${page} has no place in the navigation. Add it to infra/docs/site/site-map.ts.`)
    return place
  }
  const byPlace = Map.groupBy([...pages].sort(), placeOf)
  const filled = ({ entries, ...group }: Group): FilledGroup => ({
    ...group,
    entries: entries
      .flatMap((entry): (string | FilledGroup)[] =>
        typeof entry === 'string' ? (byPlace.get(entry) ?? []) : [filled(entry)],
      )
      .filter((entry) => typeof entry === 'string' || entry.entries.length > 0),
  })
  return groups.map(filled).filter(({ entries }) => entries.length > 0)
}

const entriesOf = (groups: readonly Group[]): string[] =>
  groups.flatMap(({ entries }) =>
    entries.flatMap((entry) => (typeof entry === 'string' ? [entry] : entriesOf([entry]))),
  )

/** The sidebar. @param titleOf what a source file calls itself */
export function sidebar(groups: readonly FilledGroup[], titleOf: (source: string) => string): SidebarItem[] {
  return groups.map(({ title, entries }) => ({
    text: title,
    items: entries.flatMap((entry) =>
      typeof entry === 'string'
        ? [
            {
              text: titleOf(entry),
              link: `/${pageOf(entry).replace(/(?:index)?\.md$/, (end) => (end === '.md' ? '.html' : ''))}`,
            },
          ]
        : sidebar([entry], titleOf),
    ),
  }))
}

/** Where a source file is on the website: `docs/adr/README.md` is `adr/index.md`, `SECURITY.md` is `project/security.md`. */
export function pageOf(source: string): string {
  if (source === 'README.md') return 'index.md'
  if (!source.startsWith('docs/')) return `project/${source.toLowerCase()}`
  return source.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md')
}

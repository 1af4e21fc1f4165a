import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkout } from '../../parts/directories.ts'
import { fillGroups, pageOf, type SidebarItem, sidebar } from './site-map.ts'

/** What the configuration of VitePress reads from `site.json` next to the staged pages. */
export interface Site {
  readonly version: string
  /** The path of this version on its host, such as `/0.2/`. */
  readonly base: string
  readonly output: string
  /** The address of a file of the repository, with `PATH` in it; undefined if there is none. */
  readonly repository: string | undefined
  /** Source files by their page. */
  readonly sources: Readonly<Record<string, string>>
  readonly sidebar: readonly SidebarItem[]
  /** Whether a code block without a language is an error: not in documentation that is already released. */
  readonly strict: boolean
}

export type SiteOptions = Pick<Site, 'version' | 'base' | 'output' | 'repository'> & {
  /** The commit to build; undefined: the files of the checkout. */
  readonly from?: string | undefined
}

const PROJECT_PAGES = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'SUPPORT.md']
const HOME_PICTURES = ['picture.svg', 'pictures/film.webp']
/** Parts of the generator; each build replaces the folder. VitePress resolves its packages from here. */
export const STAGE = join(import.meta.dirname, '.stage')

/** Copies the pages of a commit, or of the checkout, to where VitePress reads them. */
export function stage({ from, ...options }: SiteOptions): Site {
  const directory = from === undefined ? checkout : filesOf(from)
  try {
    rmSync(STAGE, { recursive: true, force: true })
    const sources = sourcesIn(directory)
    for (const source of sources) copy(join(directory, source), join(STAGE, pageOf(source)))
    for (const file of globSync('docs/**/*.{svg,png,webp,json}', { cwd: directory })) copyPicture(directory, file)
    // The home page belongs to the generator, and so do its pictures.
    cpSync(join(import.meta.dirname, 'home.md'), join(STAGE, 'index.md'))
    for (const picture of HOME_PICTURES) copy(join(checkout, 'docs', picture), join(STAGE, picture))
    const titleOf = (source: string) => titleIn(readFileSync(join(directory, source), 'utf8'))
    const site: Site = {
      ...options,
      sources: Object.fromEntries([...sources, 'README.md'].map((source) => [pageOf(source), source])),
      sidebar: sidebar(fillGroups(sources), titleOf),
      strict: from === undefined,
    }
    writeFileSync(join(STAGE, 'site.json'), JSON.stringify(site))
    return site
  } finally {
    if (from !== undefined) rmSync(directory, { recursive: true, force: true })
  }
}

/** The pages of a checkout, without the README: the website has a home page of its own. */
export function sourcesIn(directory: string): string[] {
  const project = PROJECT_PAGES.filter((page) => globSync(page, { cwd: directory }).length > 0)
  return [...globSync('docs/**/*.md', { cwd: directory }).sort(), ...project]
}

/** Pictures are next to the pages; data files keep their names, so that links to them stay. */
function copyPicture(directory: string, file: string): void {
  const path = file.slice('docs/'.length)
  copy(join(directory, file), file.endsWith('.json') ? join(STAGE, 'public', path) : join(STAGE, path))
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to)
}

/** What a page calls itself, short enough for the sidebar. */
const titleIn = (page: string) =>
  (/^# (.+)$/m.exec(page)?.[1] ?? 'Untitled')
    .replace(/^Tutorial: /, '')
    .replaceAll('`', '')
    .replace(/^\w/, (first) => first.toUpperCase())

/** Unpacks the documentation of a commit. @throws Error if git does not know it */
function filesOf(commit: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'docs-of-commit-'))
  const archive = execFileSync('git', ['archive', commit, 'docs', ...PROJECT_PAGES], {
    cwd: checkout,
    maxBuffer: 2 ** 28,
  })
  execFileSync('tar', ['-x', '-C', directory], { input: archive })
  return directory
}

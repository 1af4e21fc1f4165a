import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { pageOf } from './site-map.ts'
import { type Site, STAGE } from './stage.ts'

/**
 * Where a link of a source file leads on the website: a page or file of it, the repository, or undefined for a file of
 * the repository while its address is not known.
 */
export function targetOf(href: string, source: string, site: Site): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return href
  const [path = '', anchor] = href.split('#')
  const file = posix.normalize(posix.join(posix.dirname(source), decodeURI(path)))
  // The home page stands for the README, and has other sections.
  const hash = anchor === undefined || file === 'README.md' ? '' : `#${anchor}`
  const page = pageOf(file)
  if (site.sources[page] === file) return `/${page}${hash}`
  if (/^docs\/.*\.json$/.test(file) && existsSync(join(STAGE, 'public', file.slice('docs/'.length))))
    return `/${file.slice('docs/'.length)}`
  return site.repository?.replace('PATH', file)
}

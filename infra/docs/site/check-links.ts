import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'

/**
 * The links of built pages that lead nowhere: pages, files and anchors of the website, and the syntax of other addresses.
 * @param base the path of the folder on its host, such as `/0.2/`
 * @returns one line for each, `PAGE: TARGET`
 */
export function brokenLinks(directory: string, base: string): string[] {
  const pages = globSync('**/*.html', { cwd: directory })
  const contents = new Map(pages.map((page) => [page, readFileSync(join(directory, page), 'utf8')]))
  const anchors = new Map([...contents].map(([page, html]) => [page, attributes(html, 'id')]))
  const reasonOf = (page: string, target: string) => {
    const url = URL.canParse(target, `http://site${base}${page}`) && new URL(target, `http://site${base}${page}`)
    if (!url) return 'is not an address'
    if (url.host !== 'site') return /^(?:https?|mailto|data):$/.test(url.protocol) ? undefined : 'is not https'
    if (!url.pathname.startsWith(base)) return 'is outside this version'
    const path = decodeURIComponent(url.pathname.slice(base.length))
    const file = path === '' || path.endsWith('/') ? posix.join(path, 'index.html') : path
    if (!existsSync(join(directory, file)) || statSync(join(directory, file)).isDirectory()) return 'does not exist'
    const anchor = decodeURIComponent(url.hash.slice(1))
    return anchor === '' || anchors.get(file)?.has(anchor) ? undefined : 'has no such anchor'
  }
  return [...contents].flatMap(([page, html]) =>
    [...attributes(html, 'href'), ...attributes(html, 'src')].flatMap((target) => {
      const reason = reasonOf(page, target)
      return reason === undefined ? [] : [`${page}: ${target} ${reason}`]
    }),
  )
}

/** The values of an attribute in all tags, without those in scripts and text. */
function attributes(html: string, name: string): Set<string> {
  const tags = html
    .replaceAll(/<script[\s\S]*?<\/script>/g, (script) => script.slice(0, script.indexOf('>') + 1))
    .matchAll(/<[a-z][^>]*>/g)
  const values = [...tags].flatMap(([tag]) => [...tag.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))])
  return new Set(values.map(([, value = '']) => value.replaceAll('&amp;', '&')))
}

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import footnote from 'markdown-it-footnote'
import { defineConfig, type MarkdownRenderer } from 'vitepress'
import { anchorOf } from '../anchor.ts'
import { targetOf } from '../page-links.ts'
import { type Site, STAGE } from '../stage.ts'

const site: Site = JSON.parse(readFileSync(join(STAGE, 'site.json'), 'utf8'))

export default defineConfig({
  title: 'modelops-gateway',
  description: 'One sign-in for MLflow, Airflow and a REST API, with authorization per project',
  lang: 'en',
  srcDir: '.stage',
  outDir: site.output,
  base: site.base,
  cacheDir: '.stage/cache',
  metaChunk: true,
  ignoreDeadLinks: true, // check-links.ts also checks anchors, and leaves addresses of examples alone
  head: [
    ['link', { rel: 'icon', href: 'data:,' }],
    ['meta', { name: 'referrer', content: 'no-referrer' }],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.use(footnote)
      md.core.ruler.push('repository-links', rewriteLinks())
    },
  },
  themeConfig: {
    sidebar: [...site.sidebar],
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Previous', next: 'Next' },
    footer: { message: 'Apache-2.0' },
    siteVersion: site.version,
  } as object,
  transformHtml: (html) => withPolicy(html),
})

/** Links of the source files lead to pages of the website. Those to files that it does not have become plain text. */
function rewriteLinks(): Parameters<MarkdownRenderer['core']['ruler']['push']>[1] {
  return ({ tokens, env }) => {
    const source = site.sources[env.relativePath] ?? 'README.md'
    for (const token of tokens) {
      if (site.strict && (token.type === 'code_block' || (token.type === 'fence' && token.info.trim() === '')))
        throw new Error(
          `${source}:${(token.map?.[0] ?? 0) + 1}: a code block without a language. Add one, such as \`text\`.`,
        )
      const open: boolean[] = []
      for (const child of token.children ?? []) {
        if (child.type === 'link_open') {
          const target = targetOf(child.attrGet('href') ?? '', source, site)
          open.push(target !== undefined)
          if (target !== undefined) child.attrSet('href', target)
          else Object.assign(child, { tag: 'span', type: 'plain_open' }).attrs = null
        } else if (child.type === 'link_close' && open.pop() === false)
          Object.assign(child, { tag: 'span', type: 'plain_close' })
      }
    }
  }
}

/** Permits the page's own files and, by their digests, the two scripts that VitePress writes into each page. */
function withPolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text)
  const digests = inline.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${digests.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html.replace(
    '<meta charset="utf-8">',
    `$&\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`,
  )
}

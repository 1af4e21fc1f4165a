import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT_PAGES = ['README.md', 'SUPPORT.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']

/** Every page of the documentation, by its path in the checkout. */
export function documentation(): Map<string, string> {
  const below = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name))
  const paths = [...ROOT_PAGES, ...below.filter((path) => path.endsWith('.md'))]
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]))
}

/** The text without fenced code blocks. */
export const prose = (page: string): string => page.replace(/^( *)```.*?^\1```$/gms, '')

/** The contents of the fenced code blocks in one language. */
export function codeBlocks(page: string, language: string): string[] {
  const blocks = page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^\\1\`\`\`$`, 'gms'))
  return [...blocks].map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
}

import { readFileSync } from 'node:fs'

/** A page that is written by hand, except for the part between two markers. */
export interface GeneratedSection {
  /** Path of the page. */
  readonly page: string
  readonly begin: string
  readonly end: string
}

/** The page with other content between its markers. @throws Error where the page lacks them */
export function withSection({ page, begin, end }: GeneratedSection, content: string): string {
  const text = readFileSync(page, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`${page}: expected the markers ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

import { brandOf } from '../brand.ts'
import { type PageConfig, pageHeaders } from '../headers.ts'
import { layout, type PageContent } from '../layout.ts'
import type { Page } from '../pages.ts'
import { ICON } from '../style.ts'
import { CONSOLE_STYLE } from './console-style.ts'

export type RenderConsole = (content: PageContent) => Page

/**
 * Renders pages of the console. Their forms go to their own origin alone.
 * @param isPublic On the public listener, which serves the pictures of the product; the admin listener does not.
 */
export function buildConsolePages(config: PageConfig, isPublic: boolean): RenderConsole {
  const { logo, icon, ...brand } = brandOf(config.portal)
  const style = brand.style + CONSOLE_STYLE
  const pictures = isPublic ? { icon, ...(logo !== undefined && { logo }) } : { icon: ICON }
  const headers = pageHeaders(config, { style, ownFormsOnly: true, framedBy: [] })
  return (content) => ({ headers, html: layout({ ...brand, ...pictures, style }, content) })
}

import { accentOf, DARK, darkAccentFor, LIGHT } from '../config/accent.ts'
import type { Config } from '../config/schema.ts'
import { ICON, STYLE } from './style.ts'

/** What the pages look like: the name, the pictures and the colors of the product. */
export interface Brand {
  readonly name: string
  readonly style: string
  /** URL of the tab icon. */
  readonly icon: string
  /** URL of the picture beside the name; absent: the gateway’s own mark. */
  readonly logo?: string
}

/** Where the gateway serves the configured pictures. */
export const LOGO_PATH = '/auth/branding/logo'
export const ICON_PATH = '/auth/branding/icon'

export function brandOf({ branding }: Config['portal']): Brand {
  const { name, logo, icon, accent, accentDark } = branding
  return {
    name,
    style: STYLE + accentStyle(accent, accentDark),
    icon: icon === undefined ? ICON : ICON_PATH,
    ...(logo === undefined ? {} : { logo: LOGO_PATH }),
  }
}

function accentStyle(accent: string | undefined, accentDark: string | undefined): string {
  const dark = accentDark ?? (accent === undefined ? undefined : darkAccentFor(accent))
  return (
    (accent === undefined ? '' : `:root{${variables(accent, LIGHT)}}`) +
    (dark === undefined ? '' : `@media (prefers-color-scheme:dark){:root{${variables(dark, DARK)}}}`)
  )
}

function variables(color: string, scheme: typeof LIGHT | typeof DARK): string {
  const { accent, onAccent, tint } = accentOf(color, scheme)
  return `--accent:${accent};--on-accent:${onAccent};--tint:${tint}`
}

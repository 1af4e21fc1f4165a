import { contrast, LEAST_CONTRAST, mix } from './contrast.ts'

/** The colors of a scheme that depend on the accent. */
export interface Accent {
  /** Of links and buttons. */
  readonly accent: string
  /** Of the text on a button. */
  readonly onAccent: string
  /** Behind what is selected. */
  readonly tint: string
}

export const LIGHT = { page: '#f4f5f7', card: '#ffffff', ink: '#1b1f27', tintShare: 0.1 } as const
export const DARK = { page: '#12151b', card: '#1b2029', ink: '#0d1526', tintShare: 0.12 } as const

type Scheme = typeof LIGHT | typeof DARK

export function accentOf(accent: string, { card, ink, tintShare }: Scheme): Accent {
  const onAccent = contrast('#ffffff', accent) >= contrast(ink, accent) ? '#ffffff' : ink
  return { accent, onAccent, tint: mix(accent, card, tintShare) }
}

/** The least contrast of the accent as text: on the page, on a card, and on its tint. */
export const accentContrast = (accent: string, scheme: Scheme): number =>
  Math.min(...[scheme.page, scheme.card, accentOf(accent, scheme).tint].map((behind) => contrast(accent, behind)))

/** The accent of dark pages for one of light pages: lightened until it can be read. */
export function darkAccentFor(accent: string): string {
  for (let share = 1; share > 0; share -= 0.05) {
    const lighter = mix(accent, '#ffffff', share)
    if (accentContrast(lighter, DARK) >= LEAST_CONTRAST) return lighter
  }
  return '#ffffff'
}

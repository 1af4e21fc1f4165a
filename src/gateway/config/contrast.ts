/** Colors as `#rrggbb`. */

/** Least contrast of text (WCAG 2.2, success criterion 1.4.3). */
export const LEAST_CONTRAST = 4.5

type Channels = readonly [red: number, green: number, blue: number]

const channel = (color: string, at: number) => Number.parseInt(color.slice(at, at + 2), 16)

const channelsOf = (color: string): Channels => [channel(color, 1), channel(color, 3), channel(color, 5)]

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red, green, blue] = channelsOf(color)
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear(value: number): number {
  const part = value / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}

/** WCAG 2.2, contrast ratio: 1 to 21. */
export function contrast(one: string, other: string): number {
  const [first, second] = [luminance(one), luminance(other)]
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05)
}

/** @param share Of `color`, 0 to 1; the rest is `base` */
export function mix(color: string, base: string, share: number): string {
  const other = channelsOf(base)
  const mixed = channelsOf(color).map((value, at) => Math.round(value * share + (other[at] ?? 0) * (1 - share)))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { accentContrast, DARK, LIGHT } from '../accent.ts'
import { LEAST_CONTRAST } from '../contrast.ts'
import type { Config } from '../schema.ts'

/** Links and buttons that cannot be read. */
export function brandingErrors({ branding: { accent, accentDark } }: Config['portal']): CheckError[] {
  return [
    ...contrastError('accent', accent, LIGHT, 'Choose a darker color.'),
    ...contrastError('accentDark', accentDark, DARK, 'Choose a lighter color.'),
  ]
}

function contrastError(
  key: string,
  color: string | undefined,
  scheme: typeof LIGHT | typeof DARK,
  hint: string,
): CheckError[] {
  const found = color === undefined ? LEAST_CONTRAST : accentContrast(color, scheme)
  if (found >= LEAST_CONTRAST) return []
  const expected = `a contrast of ${LEAST_CONTRAST} or more with the page (${scheme.page})`
  return [{ path: `portal.branding.${key}`, expected, got: `${found.toFixed(1)} (${color})`, hint }]
}

import { createHash } from 'node:crypto'

/** Allows exactly this inline style or script (CSP3 §2.3.1). */
export const hashSource = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/**
 * Serializes a policy (CSP3 §2.2).
 * @throws TypeError for a source that would end its directive or start another one; a URL's host may contain `;` and `,`
 */
export function contentSecurityPolicy(directives: Readonly<Record<string, readonly string[]>>): string {
  for (const source of Object.values(directives).flat()) {
    if (/[;,\s]/.test(source)) throw new TypeError(`expected a CSP source without ; and , and spaces, got ${source}`)
  }
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join(';')
}

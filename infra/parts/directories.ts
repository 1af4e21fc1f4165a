import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The checkout this file belongs to. */
export const checkout = join(import.meta.dirname, '..', '..')

/** A directory below `<checkout>/.parts`, where everything that is downloaded lives; made when it is missing. */
export function partsDirectory(...names: string[]): string {
  const directory = join(checkout, '.parts', ...names)
  mkdirSync(directory, { recursive: true })
  return directory
}

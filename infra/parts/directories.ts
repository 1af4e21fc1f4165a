import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The checkout that contains this file. */
export const checkout = join(import.meta.dirname, '..', '..')

/** A directory below `<checkout>/.parts`, which contains everything that is downloaded. Created if it is missing. */
export function partsDirectory(...names: string[]): string {
  const directory = join(checkout, '.parts', ...names)
  mkdirSync(directory, { recursive: true })
  return directory
}

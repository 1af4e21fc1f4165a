import type * as z from 'zod'
import { coreConfigSchema } from '../../core-api/config.ts'
import { configSchema } from '../../gateway/config/schema.ts'
import { type Range, withoutRanges } from '../../shared/settings/errors/excerpt.ts'
import { hiddenRanges } from '../../shared/settings/errors/hidden-ranges.ts'
import { parseFile } from '../../shared/settings/load-settings.ts'
import { type Edit, type Migration, MigrationFailed, migrateKeys } from '../../shared/settings/migrate-keys.ts'
import { readSettingsFile } from '../../shared/settings/read-file.ts'
import { renameKeys } from '../../shared/settings/renamed-keys.ts'
import { CliError } from '../cli-error.ts'
import { replaceFile } from './replace-file.ts'

export interface Migrated {
  /** Keys that had a previous name. */
  readonly count: number
  /** Unified, without context. Values that may be secret, and comments, appear as `…`. */
  readonly difference: string
  /** Path of the previous file, if it was replaced. */
  readonly backup: string | undefined
}

/** @throws ConfigurationError, CliError */
export function migrateFile(file: string, { isCore, write }: { isCore: boolean; write: boolean }): Migrated {
  const schema: z.ZodType = isCore ? coreConfigSchema : configSchema
  const text = readSettingsFile(file)
  const migration = migrate(schema, text, file)
  const count = migration.edits.length
  if (count === 0) return { count, difference: '', backup: undefined }
  const lines = (of: string) => withoutRanges(of, hiddenIn(schema, of, file)).split('\n')
  const hunks = hunksOf(text, migration.edits, lines(text), lines(migration.text))
  const difference = [`--- ${file}`, `+++ ${file}`, ...hunks].join('\n')
  return { count, difference, backup: write ? replaceFile(file, migration.text) : undefined }
}

function migrate(schema: z.ZodType, text: string, file: string): Migration {
  try {
    return migrateKeys(schema, text, file)
  } catch (error) {
    if (!(error instanceof MigrationFailed)) throw error
    throw new CliError(`${error.message}. Rename them by hand: \`check\` names them.`, { cause: error })
  }
}

function hiddenIn(schema: z.ZodType, text: string, file: string): Range[] {
  const document = parseFile(schema, text, file)
  renameKeys(schema, document.contents, () => undefined) // a name that is not known could be a misspelt secret
  return hiddenRanges(document, schema, document.toValue())
}

/** @param before Lines as they are shown. @param after The same of the new text */
function hunksOf(text: string, edits: readonly Edit[], before: readonly string[], after: readonly string[]): string[] {
  const linesTo = (part: string) => part.split('\n').length - 1
  const changes = edits.map(({ start, end, text: replacement }) => {
    const isWholeLines = replacement === '' && text[end - 1] === '\n'
    const [first, last] = [linesTo(text.slice(0, start)), linesTo(text.slice(0, end))]
    const removed = isWholeLines ? last - first : last - first + 1
    return { first, removed, added: isWholeLines ? 0 : linesTo(replacement) + 1 }
  })
  // Several keys of one line are one change.
  const single = changes.filter(({ first }, index) => changes[index - 1]?.first !== first)
  let moved = 0
  return single.flatMap(({ first, removed, added }) => {
    const at = first + moved
    moved += added - removed
    return [
      `@@ -${first + 1},${removed} +${added === 0 ? at : at + 1},${added} @@`,
      ...before.slice(first, first + removed).map((line) => `-${line}`),
      ...after.slice(at, at + added).map((line) => `+${line}`),
    ]
  })
}

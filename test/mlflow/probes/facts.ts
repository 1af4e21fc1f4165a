import type { Database } from '../database.ts'
import { ALPHA } from '../lab.ts'

/**
 * Every row of MLflow's database in which one of `ids` occurs, as text: all of carol's, and whatever refers to her.
 * @param secret Text of hers that no one else may have, also in a text of their own.
 */
export async function factsOf(
  database: Database,
  ids: readonly string[],
  secret: string,
): Promise<ReadonlySet<string>> {
  const texts = ids.filter((id) => !/^\d+$/.test(id))
  const numbers = ids.filter((id) => /^\d+$/.test(id))
  const facts = new Set<string>()
  const rows = await database.rows()
  const bobs = new Set(
    rows.flatMap(({ table, row }) =>
      table === 'experiments' && row.workspace === ALPHA ? [String(row.experiment_id)] : [],
    ),
  )
  for (const { table, row } of rows) {
    // Names are a workspace's own: an object of the same name elsewhere is another one.
    if (row.workspace === ALPHA) continue
    const text = `${table} ${JSON.stringify(row, bigIntAsText)}`
    // What bob's own calls of models said, written some time after them: they may mention her, but know nothing of her.
    if (table === 'spans' && bobs.has(String(row.experiment_id)) && !text.includes(secret)) continue
    if (texts.some((id) => text.includes(id)) || namesExperiment(row, numbers)) facts.add(text)
  }
  return facts
}

const bigIntAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

/** Experiments have small numbers: they count in the columns that are made for identifiers alone. */
const namesExperiment = (row: Readonly<Record<string, unknown>>, numbers: readonly string[]) =>
  ['experiment_id', 'destination_id', 'source_id'].some((column) => numbers.includes(String(row[column])))

/** What came and what went between two looks. */
export function differences(before: ReadonlySet<string>, after: ReadonlySet<string>): string[] {
  return [
    ...[...before].filter((fact) => !after.has(fact)).map((fact) => `- ${fact}`),
    ...[...after].filter((fact) => !before.has(fact)).map((fact) => `+ ${fact}`),
  ]
}

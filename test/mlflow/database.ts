import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import type { Mariadb } from '../../infra/parts/mariadb.ts'

/** MLflow's database, past MLflow: what the tests see of it, and what they put into it. */
export interface Database {
  /** Every row of every table. */
  rows(): Promise<readonly { table: string; row: Readonly<Record<string, unknown>> }[]>
  /** @param sql With `?` for each value. */
  write(sql: string, values: readonly (string | number)[]): Promise<void>
  close(): Promise<void>
}

/** MLflow may be writing. */
const BUSY_MS = 10_000

export function openSqlite(path: string): Database {
  return {
    async rows() {
      const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS })
      try {
        const tables = db.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all() as { name: string }[]
        return tables.flatMap(({ name: table }) => {
          const all = db.prepare(`SELECT * FROM "${table}"`)
          all.setReadBigInts(true)
          return all.all().map((row) => ({ table, row }))
        })
      } finally {
        db.close()
      }
    },
    async write(sql, values) {
      const db = new DatabaseSync(path, { timeout: BUSY_MS })
      db.prepare(sql).run(...values)
      db.close()
    },
    close: async () => {},
  }
}

export async function openPostgres(url: string): Promise<Database> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    async rows() {
      const names = await client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
      const found: { table: string; row: Record<string, unknown> }[] = []
      for (const { tablename: table } of names.rows as { tablename: string }[])
        for (const row of (await client.query(`SELECT * FROM "${table}"`)).rows) found.push({ table, row })
      return found
    },
    async write(sql, values) {
      let number = 0
      await client.query(
        sql.replace(/\?/g, () => `$${++number}`),
        [...values],
      )
    },
    close: () => client.end(),
  }
}

/** Rows as MariaDB's own JSON: one query for the columns, one for everything. */
export function openMariadb({ query }: Mariadb): Database {
  return {
    async rows() {
      const columns = await query(
        `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mlflow'`,
      )
      const tables = new Map<string, string[]>()
      for (const [table = '', column = ''] of columns.map((line) => line.split('\t')))
        tables.set(table, [...(tables.get(table) ?? []), `'${column}', \`${column}\``])
      const selects = [...tables].map(
        ([table, names]) => `SELECT JSON_OBJECT('table', '${table}', 'row', JSON_OBJECT(${names})) FROM \`${table}\``,
      )
      return (await query(selects.join(';'))).map((line) => JSON.parse(line))
    },
    async write(sql, values) {
      const literals = values.map((value) => `CONVERT(x'${Buffer.from(String(value)).toString('hex')}' USING utf8mb4)`)
      await query(sql.replace(/\?/g, () => literals.shift() ?? 'NULL'))
    },
    close: async () => {},
  }
}

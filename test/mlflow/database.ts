import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'

/** MLflow's database, past MLflow: what the tests see of it, and what they put into it. */
export interface Database {
  /** Every row of every table. */
  rows(): Promise<readonly { table: string; row: Readonly<Record<string, unknown>> }[]>
  /** @param sql With `?` for each value. */
  write(sql: string, values: readonly (string | number)[]): Promise<void>
  close(): Promise<void>
}

export function openSqlite(path: string): Database {
  return {
    async rows() {
      const db = new DatabaseSync(path, { readOnly: true })
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
      const db = new DatabaseSync(path)
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

import { randomUUID } from 'node:crypto'
import type { Database } from './open.ts'

export interface DefaultConnection {
  readonly id: string
  readonly connectionId: string
}

/** The default connection of each person in a project. It is deleted with the connection. */
export class DefaultConnections {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async find(projectId: string, subject: string): Promise<DefaultConnection | undefined> {
    const row = await this.#db
      .selectFrom('default_connections')
      .select(['id', 'connection_id'])
      .where('project_id', '=', projectId)
      .where('subject', '=', subject)
      .executeTakeFirst()
    return row && { id: row.id, connectionId: row.connection_id }
  }

  async set(projectId: string, subject: string, connectionId: string): Promise<DefaultConnection> {
    const row = await this.#db
      .insertInto('default_connections')
      .values({ id: randomUUID(), project_id: projectId, subject, connection_id: connectionId })
      .onConflict((conflict) =>
        conflict.columns(['project_id', 'subject']).doUpdateSet({ connection_id: connectionId }),
      )
      .returning(['id'])
      .executeTakeFirstOrThrow()
    return { id: row.id, connectionId }
  }

  /** Resolves to false when it did not exist. */
  async clear(projectId: string, subject: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('default_connections')
      .where('project_id', '=', projectId)
      .where('subject', '=', subject)
      .where('id', '=', id)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }
}

import type { Selectable } from 'kysely'
import type { Listing, Page } from './listing.ts'
import type { Database } from './open.ts'
import { type ConnectionRow, type CredentialFormat, nameKey } from './tables.ts'

export interface ConnectionFields {
  readonly name: string
  readonly description: string
  readonly host: string
  readonly logMech: string
  readonly database: string
  readonly valDb: string
  readonly byomDb: string
}

/** User name and password, encrypted with the token `keyId`. */
export interface EncryptedCredentials {
  readonly username: string
  readonly password: string
  readonly keyId: string
  readonly format: CredentialFormat
}

export interface ConnectionRecord extends ConnectionFields {
  readonly id: string
  readonly projectId: string
  readonly personal: boolean
  /** Empty for a shared connection, else the subject of the owner. */
  readonly scope: string
  /** Subject of the creator, who owns the connection if it is personal. */
  readonly owner: string
  /** User name of the creator at creation, or of the owner at the last change; empty if it was not authenticated. */
  readonly ownerName: string
  readonly credentials: EncryptedCredentials
  readonly revision: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** A connection without its credentials, for lists. */
export type ConnectionSummary = Omit<ConnectionRecord, 'credentials'>

export type ConnectionSort = 'name' | 'createdAt' | 'updatedAt'
const COLUMN = { name: 'name_key', createdAt: 'created_at', updatedAt: 'updated_at' } as const
/** Scope of a shared connection. */
const SHARED = ''
export const CURRENT_FORMAT: CredentialFormat = 2
const SUMMARY = [
  ...(['id', 'project_id', 'name', 'description', 'scope', 'owner', 'owner_name', 'host', 'log_mech'] as const),
  ...(['database', 'val_db', 'byom_db', 'revision', 'created_at', 'updated_at'] as const),
] as const

/** Dataset connections. Every query is limited to one project. */
export class Connections {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async find(projectId: string, id: string): Promise<ConnectionRecord | undefined> {
    const row = await this.#db
      .selectFrom('connections')
      .selectAll()
      .where('id', '=', id)
      .where('project_id', '=', projectId)
      .executeTakeFirst()
    return row && recordOf(row)
  }

  /** The shared connections of a project and the subject's own. */
  async list(
    projectId: string,
    subject: string,
    { page, size, sort }: Listing<ConnectionSort>,
    name?: string,
  ): Promise<Page<ConnectionSummary>> {
    let query = this.#db
      .selectFrom('connections')
      .where('project_id', '=', projectId)
      .where((e) => e.or([e('scope', '=', SHARED), e.and([e('scope', '=', subject), e('owner', '=', subject)])]))
    if (name !== undefined) query = query.where('name_key', '=', nameKey(name))
    const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
    const rows = await query
      .select(SUMMARY)
      .orderBy(COLUMN[sort.by], sort.direction)
      .orderBy('id')
      .limit(size)
      .offset(page * size)
      .execute()
    return { items: rows.map(summaryOf), total }
  }

  /** @throws UniqueViolation when the project, or the owner in it, has a connection of this name */
  async create(record: ConnectionRecord): Promise<void> {
    const { id, projectId, scope, owner, createdAt } = record
    const row = { ...columns(record), id, project_id: projectId, scope, owner, created_at: createdAt }
    await this.#db.insertInto('connections').values(row).execute()
  }

  /**
   * Replaces a connection if revision and credentials are still those of `previous`; resolves to false if they are not.
   * @throws UniqueViolation
   */
  async replace(previous: ConnectionRecord, next: ConnectionRecord): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('connections')
      .set(columns(next))
      .where('id', '=', previous.id)
      .where('revision', '=', previous.revision)
      .where('password_sealed', '=', previous.credentials.password)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  /** Resolves to false if the stored revision is another. */
  async delete(id: string, revision: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('connections')
      .where('id', '=', id)
      .where('revision', '=', revision)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }

  /** Deletes the personal connections of a subject in a project; resolves to their number. */
  async deleteOwned(projectId: string, owner: string): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('connections')
      .where('project_id', '=', projectId)
      .where('scope', '=', owner)
      .executeTakeFirst()
    return Number(numDeletedRows)
  }

  /** Number of connections by the encryption token that their credentials are encrypted with. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db
      .selectFrom('connections')
      .select((e) => ['key_id', e.fn.countAll<number>().as('count')])
      .groupBy('key_id')
      .execute()
    return new Map(rows.map(({ key_id, count }) => [key_id, count]))
  }

  /** Number of connections whose credentials have an earlier format. */
  async countOutdated(): Promise<number> {
    const { count } = await this.#db
      .selectFrom('connections')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('format', '!=', CURRENT_FORMAT)
      .executeTakeFirstOrThrow()
    return count
  }

  /** The next connections, by ID, that are encrypted with another token than `keyId` or in an earlier format. */
  async outdated(keyId: string, afterId: string, limit: number): Promise<readonly ConnectionRecord[]> {
    const rows = await this.#db
      .selectFrom('connections')
      .selectAll()
      .where((e) => e.or([e('key_id', '!=', keyId), e('format', '!=', CURRENT_FORMAT)]))
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(recordOf)
  }
}

function columns({ credentials, ...fields }: ConnectionRecord) {
  return {
    owner_name: fields.ownerName,
    revision: fields.revision,
    updated_at: fields.updatedAt,
    name: fields.name,
    name_key: nameKey(fields.name),
    description: fields.description,
    host: fields.host,
    log_mech: fields.logMech,
    database: fields.database,
    val_db: fields.valDb,
    byom_db: fields.byomDb,
    username_sealed: credentials.username,
    password_sealed: credentials.password,
    key_id: credentials.keyId,
    format: credentials.format,
  }
}

type SummaryRow = Pick<Selectable<ConnectionRow>, (typeof SUMMARY)[number]>

function recordOf(row: Selectable<ConnectionRow>): ConnectionRecord {
  const { username_sealed: username, password_sealed: password, key_id: keyId, format } = row
  return { ...summaryOf(row), credentials: { username, password, keyId, format } }
}

function summaryOf(row: SummaryRow): ConnectionSummary {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    description: row.description,
    personal: row.scope !== SHARED,
    scope: row.scope,
    owner: row.owner,
    ownerName: row.owner_name,
    host: row.host,
    logMech: row.log_mech,
    database: row.database,
    valDb: row.val_db,
    byomDb: row.byom_db,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

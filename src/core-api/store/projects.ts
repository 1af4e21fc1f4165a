import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { Clock } from '../../shared/clock.ts'
import { type Listing, likeContaining, type Page } from './listing.ts'
import type { Database } from './open.ts'
import { nameKey, type ProjectRow, type Tables } from './tables.ts'

export interface ProjectFields {
  readonly name: string
  readonly description: string
  readonly gitRepositoryUrl: string
  readonly branch: string
  readonly archived: boolean
  /** Security groups whose members may read and write. */
  readonly groups: readonly string[]
  /** Security groups whose members may read. */
  readonly viewerGroups: readonly string[]
}

export interface ProjectRecord extends ProjectFields {
  readonly id: string
  /** Increases by one with each change. */
  readonly revision: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

export type ProjectSort = 'name' | 'createdAt' | 'updatedAt'

export interface ProjectFilter {
  /** Only projects with one of these groups. Default: all. */
  readonly groups?: readonly string[]
  readonly archived?: boolean
  /** Part of the name, ignoring case. */
  readonly nameContains?: string
}

const COLUMN = { name: 'name_key', createdAt: 'created_at', updatedAt: 'updated_at' } as const
type Query = SelectQueryBuilder<Tables, 'projects', unknown>

/** Projects and their groups. Every change increases the directory's revision in the same transaction. */
export class Projects {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async find(id: string): Promise<ProjectRecord | undefined> {
    const row = await this.#db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()
    return row && (await this.#withGroups([row]))[0]
  }

  async list(filter: ProjectFilter, { page, size, sort }: Listing<ProjectSort>): Promise<Page<ProjectRecord>> {
    if (filter.groups?.length === 0) return { items: [], total: 0 }
    const query = this.#db.selectFrom('projects').$call((all) => filtered(all, filter))
    const { total } = await query.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
    const rows = await query
      .selectAll()
      .orderBy(COLUMN[sort.by], sort.direction)
      .orderBy('id')
      .limit(size)
      .offset(page * size)
      .execute()
    return { items: await this.#withGroups(rows), total }
  }

  /** @throws UniqueViolation when the name or the ID is in use */
  async create(id: string, fields: ProjectFields): Promise<ProjectRecord> {
    const now = this.#clock()
    await this.#db.transaction().execute(async (db) => {
      const row = { ...columns(fields), id, revision: 1, created_at: now, updated_at: now }
      await db.insertInto('projects').values(row).execute()
      await writeGroups(db, id, fields)
      await touchDirectory(db)
    })
    return { ...fields, id, revision: 1, createdAt: now, updatedAt: now }
  }

  /** Replaces a project if its revision is still `revision`; resolves to false if it is not. @throws UniqueViolation */
  async replace(id: string, revision: number, fields: ProjectFields): Promise<boolean> {
    return this.#db.transaction().execute(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('projects')
        .set({ ...columns(fields), revision: revision + 1, updated_at: this.#clock() })
        .where('id', '=', id)
        .where('revision', '=', revision)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      await writeGroups(db, id, fields)
      await touchDirectory(db)
      return true
    })
  }

  /** Increases whenever the result of {@link all} changes. */
  async directoryRevision(): Promise<number> {
    const row = await this.#db
      .selectFrom('counters')
      .select('value')
      .where('name', '=', 'directory')
      .executeTakeFirstOrThrow()
    return row.value
  }

  /** Every project, by name; for the gateway's directory. */
  async all(): Promise<readonly ProjectRecord[]> {
    return this.#withGroups(await this.#db.selectFrom('projects').selectAll().orderBy('name_key').execute())
  }

  async #withGroups(rows: readonly Selectable<ProjectRow>[]): Promise<ProjectRecord[]> {
    const byId = new Map(rows.map((row) => [row.id, { row, groups: [] as string[], viewerGroups: [] as string[] }]))
    // Each ID is a bound parameter, and the databases limit their number.
    for (const ids of chunks([...byId.keys()], 5000)) {
      const found = await this.#db
        .selectFrom('project_groups')
        .selectAll()
        .where('project_id', 'in', ids)
        .orderBy('group_name')
        .execute()
      for (const { project_id, group_name, access } of found)
        byId.get(project_id)?.[access === 'editor' ? 'groups' : 'viewerGroups'].push(group_name)
    }
    return [...byId.values()].map(({ row, groups, viewerGroups }) => recordOf(row, groups, viewerGroups))
  }
}

function filtered(query: Query, { groups, archived, nameContains }: ProjectFilter): Query {
  let result = query
  if (groups)
    result = result.where('id', 'in', (e) =>
      e.selectFrom('project_groups').select('project_id').where('group_name', 'in', groups),
    )
  if (archived !== undefined) result = result.where('archived', '=', archived ? 1 : 0)
  if (nameContains !== undefined)
    result = result.where(sql<boolean>`name_key like ${likeContaining(nameKey(nameContains))} escape '\\'`)
  return result
}

function columns(fields: ProjectFields) {
  return {
    name: fields.name,
    name_key: nameKey(fields.name),
    description: fields.description,
    git_repository_url: fields.gitRepositoryUrl,
    branch: fields.branch,
    archived: fields.archived ? 1 : 0,
  }
}

function recordOf(row: Selectable<ProjectRow>, groups: string[], viewerGroups: string[]): ProjectRecord {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    gitRepositoryUrl: row.git_repository_url,
    branch: row.branch,
    archived: row.archived === 1,
    groups,
    viewerGroups,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

async function writeGroups(db: Database, id: string, { groups, viewerGroups }: ProjectFields): Promise<void> {
  await db.deleteFrom('project_groups').where('project_id', '=', id).execute()
  const row = (access: 'editor' | 'viewer') => (group_name: string) => ({ project_id: id, group_name, access })
  const rows = [...[...new Set(groups)].map(row('editor')), ...[...new Set(viewerGroups)].map(row('viewer'))]
  if (rows.length > 0) await db.insertInto('project_groups').values(rows).execute()
}

async function touchDirectory(db: Database): Promise<void> {
  await db
    .updateTable('counters')
    .set((e) => ({ value: e('value', '+', 1) }))
    .where('name', '=', 'directory')
    .execute()
}

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The schema, step by step. A released step never changes. The previous minor version works with a new one, so that an
 * upgrade can be taken back: a step that it cannot work with ends in `-incompatible`, and comes with an ADR. Both databases compare names by code point (SQLite's BINARY,
 * PostgreSQL's "C"), so that lists have the same order.
 */
export function migrations(kind: 'sqlite' | 'postgres'): Record<string, Migration> {
  const ordered = kind === 'postgres' ? sql`text collate "C"` : sql`text`
  return {
    '0001-projects-and-connections': {
      up: async (db) => {
        await createProjects(db, ordered)
        await createConnections(db, ordered)
        await createCounters(db)
      },
    },
    '0002-credential-format': {
      up: async (db) => {
        await db.schema
          .alterTable('connections')
          .addColumn('format', 'integer', (column) => column.notNull().defaultTo(1))
          .execute()
      },
    },
    '0003-project-members': { up: createMembers },
  }
}

type Ordered = ReturnType<typeof sql>

async function createProjects(db: Kysely<unknown>, ordered: Ordered): Promise<void> {
  await db.schema
    .createTable('projects')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', ordered, (column) => column.notNull().unique())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('git_repository_url', 'text', (column) => column.notNull())
    .addColumn('branch', 'text', (column) => column.notNull())
    .addColumn('archived', 'integer', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('project_groups')
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('access', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('project_groups_key', ['project_id', 'access', 'group_name'])
    .execute()
  await db.schema
    .createIndex('project_groups_by_group')
    .on('project_groups')
    .columns(['group_name', 'project_id'])
    .execute()
}

async function createConnections(db: Kysely<unknown>, ordered: Ordered): Promise<void> {
  const text = ['name', 'description', 'owner', 'owner_name', 'host', 'log_mech', 'database', 'val_db', 'byom_db']
  const encrypted = ['username_sealed', 'password_sealed', 'key_id']
  let table = db.schema
    .createTable('connections')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('name_key', ordered, (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
  for (const name of [...text, ...encrypted]) table = table.addColumn(name, 'text', (column) => column.notNull())
  // The name of a personal connection is unique per owner, so that a conflict does not reveal somebody else's.
  await table.addUniqueConstraint('connections_name', ['project_id', 'scope', 'name_key']).execute()
  await db.schema
    .createIndex('connections_in_order')
    .on('connections')
    .columns(['project_id', 'name_key', 'scope'])
    .execute()
  await db.schema.createIndex('connections_by_key').on('connections').columns(['key_id', 'id']).execute()
  await db.schema
    .createTable('default_connections')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('connection_id', 'text', (column) => column.notNull().references('connections.id').onDelete('cascade'))
    .addUniqueConstraint('default_connections_key', ['project_id', 'subject'])
    .execute()
  await db.schema
    .createIndex('default_connections_by_connection')
    .on('default_connections')
    .column('connection_id')
    .execute()
}

async function createMembers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('project_members')
    .addColumn('project_id', 'text', (column) => column.notNull().references('projects.id').onDelete('cascade'))
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('username', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('project_members_key', ['project_id', 'subject'])
    .execute()
  await db.schema
    .createIndex('project_members_by_username')
    .on('project_members')
    .columns(['project_id', 'username'])
    .execute()
}

async function createCounters(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute()
  await sql`insert into counters (name, value) values ('directory', 1)`.execute(db)
}

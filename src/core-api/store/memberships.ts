import { boundedCache } from '../../shared/bounded-cache.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from './open.ts'

/** What gave a person access to a project when a request of theirs was authorized. */
export interface Membership {
  readonly projectId: string
  readonly subject: string
  readonly username: string
  /** The group of the project; empty for administrators, who need none. */
  readonly group: string
}

/** A membership is written again at most this often, in milliseconds. */
const REFRESH_MS = 600_000
const CACHED = 50_000
const DAY_MS = 86_400_000

/**
 * Who was seen in which project. The service has no directory of people: it learns their groups only from their own
 * requests. Jobs run later and without the person's token, so the last authorized request counts for them.
 */
export class Memberships {
  readonly #db: Database
  readonly #clock: Clock
  /** The last write of each member, in this process. */
  readonly #written = boundedCache<{ readonly at: number; readonly membership: Membership }>(CACHED)

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async record(membership: Membership): Promise<void> {
    const { projectId, subject, username, group } = membership
    const now = this.#clock()
    const last = this.#written.get(`${projectId} ${subject}`)
    const isSame = last?.membership.username === username && last.membership.group === group
    if (last && isSame && now - last.at < REFRESH_MS) return
    const values = { username, group_name: group, seen_at: now }
    await this.#db
      .insertInto('project_members')
      .values({ project_id: projectId, subject, ...values })
      .onConflict((conflict) => conflict.columns(['project_id', 'subject']).doUpdateSet(values))
      .execute()
    this.#written.set(`${projectId} ${subject}`, { at: now, membership })
  }

  /** For a person whose groups give no access any more. */
  async remove(projectId: string, subject: string): Promise<void> {
    this.#written.delete(`${projectId} ${subject}`)
    await this.#db
      .deleteFrom('project_members')
      .where('project_id', '=', projectId)
      .where('subject', '=', subject)
      .execute()
  }

  /** Whether this user was authorized in the project within so many days, by a group that the project still has. */
  async isMember(projectId: string, user: string, by: 'subject' | 'username', days: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom('project_members as member')
      .leftJoin('project_groups as held', (join) =>
        join.onRef('held.project_id', '=', 'member.project_id').onRef('held.group_name', '=', 'member.group_name'),
      )
      .select('member.subject')
      .where('member.project_id', '=', projectId)
      .where(`member.${by}`, '=', user)
      .where('member.seen_at', '>', this.#clock() - days * DAY_MS)
      .where((e) => e.or([e('member.group_name', '=', ''), e('held.group_name', 'is not', null)]))
      .executeTakeFirst()
    return row !== undefined
  }
}

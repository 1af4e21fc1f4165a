import type { Session } from '../../sessions/session.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { deviceOf } from './device.ts'

type Source = Pick<Sessions, 'list'>

/** Sessions read from the store at a time. */
export const LARGEST_PAGE = 200
/** Sessions that a search looks at, newest first. */
const SEARCHED = 20_000

export interface FoundSessions {
  /** Of all that match. */
  readonly total: number
  readonly sessions: readonly Session[]
  /** How many sessions a search looked at; absent without a search. */
  readonly searched?: number
}

/**
 * A page of the sessions whose user, address or browser contains the text, newest first, among the newest
 * {@link SEARCHED}. Without a text: of all sessions.
 * @throws Refusal store-down
 */
export async function findSessions(
  sessions: Source,
  search: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<FoundSessions> {
  const text = search.trim().toLowerCase()
  if (text === '') return sessions.list({ offset, limit })
  const matching: Session[] = []
  let searched = 0
  for await (const page of pagesOf(sessions, SEARCHED)) {
    searched += page.length
    matching.push(...page.filter((session) => searchable(session).includes(text)))
  }
  return { total: matching.length, sessions: matching.slice(offset, offset + limit), searched }
}

/** The newest sessions, in pages. @throws Refusal store-down */
export async function* pagesOf(sessions: Source, most: number): AsyncGenerator<readonly Session[]> {
  for (let offset = 0, total = 1; offset < Math.min(total, most); offset += LARGEST_PAGE) {
    const page = await sessions.list({ offset, limit: LARGEST_PAGE })
    total = page.total
    yield page.sessions
  }
}

function searchable({ principal, clientAddress = '', userAgent = '' }: Session): string {
  const { username, subject, email = '', name = '' } = principal
  return [username, subject, email, name, clientAddress, userAgent, deviceOf(userAgent) ?? ''].join('\n').toLowerCase()
}

/**
 * Ends the sessions that there are when it begins; who signs in meanwhile stays.
 * @param record Told how many have ended, also where the store fails before all have: what was done is recorded
 * @returns their number @throws Refusal store-down
 */
export async function endEverySession(
  sessions: Pick<Sessions, 'list' | 'endByKey'>,
  record: (ended: number) => void,
): Promise<number> {
  let count = 0
  try {
    const newest = (await sessions.list({ offset: 0, limit: 1 })).sessions[0]?.createdAt ?? 0
    // Sessions that end while pages are read shift the others: done when a whole pass finds none.
    for (let isOver = false; !isOver; ) {
      const before = count
      for (const key of await keysUntil(newest, sessions)) count += Number(await sessions.endByKey(key))
      isOver = count === before
    }
    return count
  } finally {
    record(count)
  }
}

/** Keys of the sessions that began no later than `newest`, ms since the epoch. */
async function keysUntil(newest: number, sessions: Source): Promise<string[]> {
  const keys: string[] = []
  for await (const page of pagesOf(sessions, Number.POSITIVE_INFINITY))
    keys.push(...page.filter(({ createdAt }) => createdAt <= newest).map(({ key }) => key))
  return keys
}

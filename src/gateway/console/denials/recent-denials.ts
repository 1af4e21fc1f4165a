import { refuseStoreDown } from '../../sessions/cache/known-sessions.ts'
import type { JournalText, SealedJournal } from '../../sessions/journal/sealed-journal.ts'
import { DROPPED, JOURNALS } from './denial-journal.ts'
import type { DenialRecord } from './denial-record.ts'

const PAGE = 500
const NAMES = Object.values(JOURNALS).map(({ name }) => name)

export interface RecentDenials {
  /** Newest first. */
  readonly denials: readonly DenialRecord[]
  /** Denials that no process could keep. */
  readonly dropped: number
}

/** The denials since a time, of every process and replica. @param since Milliseconds since the epoch. @throws Refusal store-down */
export async function readDenials(journal: SealedJournal, since: number): Promise<RecentDenials> {
  const lists = await Promise.all(NAMES.map((name) => readSince(journal, name, since))).catch(refuseStoreDown)
  const dropped = await readSince(journal, DROPPED.name, since).catch(refuseStoreDown)
  return {
    denials: lists
      .flat()
      .map(({ text }) => JSON.parse(text) as DenialRecord)
      .sort((a, b) => b.at - a.at),
    dropped: dropped.reduce((sum, { text }) => sum + Number((JSON.parse(text) as { count: number }).count), 0),
  }
}

/** The denial with this request ID. @throws Refusal store-down */
export async function findDenial(journal: SealedJournal, requestId: string): Promise<DenialRecord | undefined> {
  const found = await Promise.all(NAMES.map((name) => journal.find(name, requestId))).catch(refuseStoreDown)
  const entry = found.find((each) => each !== undefined)
  return entry && (JSON.parse(entry.text) as DenialRecord)
}

/** In pages, so that opening the entries never holds up requests for long. */
async function readSince(journal: SealedJournal, name: string, since: number): Promise<JournalText[]> {
  const found: JournalText[] = []
  for (let offset = 0; ; offset += PAGE) {
    const { entries, isFull } = await journal.read(name, { offset, limit: PAGE })
    found.push(...entries.filter(({ at }) => at >= since))
    // Clocks of replicas differ a little: only a page that is old as a whole is the last one.
    if (!isFull || (entries.length > 0 && entries.every(({ at }) => at < since))) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

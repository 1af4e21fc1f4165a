import { setTimeout as sleep } from 'node:timers/promises'
import { denial } from './denials.ts'
import { halfClose, pipeline, reset, unfinished } from './raw.ts'
import { bearer, change, cutByUpstream, download, type Once, read, upload } from './requests.ts'
import { visit } from './sign-ins.ts'
import type { Stage } from './stage.ts'
import { events, webSocket } from './streams.ts'

/** Traffic of one kind: so many clients at the same time, each with pauses of this mean length. */
interface Lane {
  readonly once: Once
  readonly clients: number
  readonly pauseMs: number
}

const LANES: readonly Lane[] = [
  { once: read, clients: 8, pauseMs: 150 },
  { once: change, clients: 4, pauseMs: 250 },
  { once: bearer, clients: 4, pauseMs: 250 },
  { once: upload, clients: 2, pauseMs: 1500 },
  { once: download, clients: 2, pauseMs: 1500 },
  { once: cutByUpstream, clients: 1, pauseMs: 1000 },
  { once: events, clients: 8, pauseMs: 1000 },
  { once: webSocket, clients: 8, pauseMs: 1000 },
  { once: denial, clients: 3, pauseMs: 300 },
  { once: pipeline, clients: 3, pauseMs: 500 },
  { once: halfClose, clients: 1, pauseMs: 1500 },
  { once: reset, clients: 2, pauseMs: 600 },
  { once: unfinished, clients: 1, pauseMs: 1500 },
  { once: visit, clients: 2, pauseMs: 3000 },
]

/** Runs all lanes until the stage ends. Resolves when the last exchange has ended. */
export async function runLanes(stage: Stage): Promise<void> {
  await Promise.all(LANES.flatMap((lane) => Array.from({ length: lane.clients }, () => client(lane, stage))))
}

async function client({ once, pauseMs }: Lane, stage: Stage): Promise<void> {
  await repeat(stage, pauseMs, () => once(stage))
}

/** Does something again and again, with pauses of a random length, until the stage ends. */
export async function repeat(
  { random, end }: Pick<Stage, 'random' | 'end'>,
  pauseMs: number,
  work: () => Promise<void>,
): Promise<void> {
  const pause = () => sleep(random.between(0, 2 * pauseMs), undefined, { signal: end }).catch(() => undefined)
  await pause()
  while (!end.aborted) {
    await work()
    await pause()
  }
}

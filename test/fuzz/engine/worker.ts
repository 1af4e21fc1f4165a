import { parentPort, workerData } from 'node:worker_threads'
import { Oracles } from '../oracles/oracles.ts'
import { TARGETS, type TargetName } from '../targets/names.ts'
import { readCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { type Failure, FuzzRun, type Progress } from './fuzz.ts'
import { instrumentModules } from './instrument.ts'
import type { FuzzTarget } from './target.ts'

/** What a worker is told. */
export interface WorkerTask {
  readonly target: TargetName
  readonly milliseconds: number
  readonly seed: number
  /** The current input: its length, then its bytes. */
  readonly current: SharedArrayBuffer
  /** Whether the kept inputs are wanted. */
  readonly keep: boolean
}

/** What a worker tells. */
export type WorkerMessage =
  | { readonly type: 'progress'; readonly progress: Progress; readonly total: number }
  | {
      readonly type: 'end'
      readonly failures: readonly Failure[]
      readonly kept: readonly Uint8Array[]
      readonly missed: readonly string[]
    }

/** Time for making the kept inputs shorter, in milliseconds. */
const KEEP_MS = 60_000

async function work(task: WorkerTask): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('worker.ts runs as a worker')
  const { covers } = TARGETS[task.target]
  const instrumented = instrumentModules((path) => covers.some((each) => path.startsWith(each)))
  const coverage = new Coverage(instrumented)
  const { target } = (await import(`../targets/${task.target}.ts`)) as { target: FuzzTarget }
  const oracles = new Oracles()
  const [length, bytes] = [new Uint32Array(task.current, 0, 1), new Uint8Array(task.current, 4)]
  const tell = (message: WorkerMessage) => port.postMessage(message)
  const report = (progress: Progress) => tell({ type: 'progress', progress: { ...progress }, total: coverage.total })
  const run = new FuzzRun({
    ...{ target, coverage, oracles, report, texts: instrumented.texts },
    ...{ milliseconds: task.milliseconds, seed: task.seed },
    seeds: [...target.seeds.map((seed) => Buffer.from(seed, 'latin1')), ...readCorpus(task.target)],
    begin(input) {
      length[0] = Math.min(input.length, bytes.length)
      bytes.set(input.subarray(0, bytes.length))
    },
  })
  try {
    await run.run()
  } finally {
    await oracles.close()
  }
  const kept = task.keep ? await run.kept(KEEP_MS) : []
  report(run.progress)
  tell({ type: 'end', failures: run.failures, kept, missed: coverage.missed() })
}

await work(workerData as WorkerTask)

import { Worker } from 'node:worker_threads'
import type { TargetName } from '../targets/names.ts'
import type { Failure, Progress } from './fuzz.ts'
import type { WorkerMessage, WorkerTask } from './worker.ts'

const MAX_BYTES = 65_536
/** An input that is not finished after this is a finding: nothing of the gateway takes as long, in milliseconds. */
const HANG_MS = 15_000

export interface TargetResult {
  readonly name: TargetName
  readonly failures: readonly Failure[]
  readonly kept: readonly Buffer[]
  readonly missed: readonly string[]
  readonly progress: Progress
  /** All edges of the covered files. */
  readonly total: number
  readonly seconds: number
}

export interface TargetOptions {
  readonly milliseconds: number
  readonly seed: number
  readonly keep: boolean
  readonly onProgress: (progress: Progress, total: number) => void
}

/** Runs a target in a thread of its own, which is stopped if an input never ends. */
export function runTarget(name: TargetName, options: TargetOptions): Promise<TargetResult> {
  const { milliseconds, seed, keep, onProgress } = options
  const startedAt = performance.now()
  const current = new SharedArrayBuffer(MAX_BYTES + 4)
  const task: WorkerTask = { target: name, milliseconds, seed, keep, current }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  let [progress, total]: [Progress, number] = [{ executions: 0, comparisons: 0, accepted: 0, corpus: 0, edges: 0 }, 0]
  return new Promise((resolve, reject) => {
    const end = (more: Pick<TargetResult, 'failures' | 'kept' | 'missed'>) => {
      clearInterval(watch)
      resolve({ name, progress, total, seconds: (performance.now() - startedAt) / 1000, ...more })
    }
    const watch = setInterval(() => {
      if (!hangs()) return
      const input = currentInput(current)
      void worker.terminate()
      end({ failures: [{ input, kind: 'hang', message: `no end after ${HANG_MS} ms` }], kept: [], missed: [] })
    }, 1000)
    const hangs = watcher(current)
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'progress') {
        ;({ progress, total } = message)
        onProgress(progress, total)
      } else {
        const failures = message.failures.map((failure) => ({ ...failure, input: Buffer.from(failure.input) }))
        end({ failures, kept: message.kept.map((bytes) => Buffer.from(bytes)), missed: message.missed })
      }
    })
    worker.on('error', (error) => {
      clearInterval(watch)
      reject(error)
    })
  })
}

const currentInput = (current: SharedArrayBuffer) => {
  const [length = 0] = new Uint32Array(current, 0, 1)
  return Buffer.from(new Uint8Array(current, 4, length))
}

/** Whether the input has been the same for too long. The worker begins with its modules, and asks other parsers between inputs. */
function watcher(current: SharedArrayBuffer): () => boolean {
  let [last, since] = ['', performance.now()]
  return () => {
    const now = currentInput(current).toString('latin1')
    if (now !== last || now === '') [last, since] = [now, performance.now()]
    return performance.now() - since > HANG_MS
  }
}

import { isDeepStrictEqual } from 'node:util'
import { ConfigurationError, type FieldError } from '../../../shared/settings/field-errors.ts'
import type { Config } from '../../config/schema.ts'

/** What switching needs of a worker. */
export interface Switchable {
  readonly pid: number | undefined
  /** @throws Error when it exits or does not respond */
  prepare(next: Config): Promise<readonly FieldError[]>
  /** @throws Error when it exits or does not respond */
  commit(next: Config): Promise<void>
  abort(): void
  kill(): void
}

/**
 * First of two phases: every worker builds what the configuration needs, beside what serves. If one of them cannot, all
 * of them discard it.
 * @throws ConfigurationError
 */
export async function prepareAll(
  workers: readonly Switchable[],
  next: Config,
): Promise<{ switchAll(): Promise<void>; abort(): void }> {
  const abort = () => {
    for (const worker of workers) worker.abort()
  }
  const errors = (await Promise.all(workers.map((worker) => prepareOne(worker, next)))).flat()
  if (errors.length > 0) {
    abort()
    throw new ConfigurationError('reload', withoutDuplicates(errors))
  }
  return { abort, switchAll: async () => void (await Promise.all(workers.map((worker) => switchOne(worker, next)))) }
}

async function prepareOne(worker: Switchable, next: Config): Promise<readonly FieldError[]> {
  try {
    return await worker.prepare(next)
  } catch (error) {
    const got = error instanceof Error ? error.message : 'none'
    return [{ path: 'server.workers', expected: `a response from worker ${worker.pid}`, got }]
  }
}

/** Second phase. A worker that was ready and does not switch is in an unknown state: it is killed and replaced. */
async function switchOne(worker: Switchable, next: Config): Promise<void> {
  try {
    await worker.commit(next)
  } catch {
    worker.kill()
  }
}

const withoutDuplicates = (errors: readonly FieldError[]) =>
  errors.filter((error, at) => errors.findIndex((other) => isDeepStrictEqual(other, error)) === at)

import { isDeepStrictEqual } from 'node:util'
import { ConfigurationError, type FieldError } from '../../../shared/settings/field-errors.ts'
import type { Config } from '../../config/schema.ts'
import type { Member } from './supervisor.ts'

/** Longest time in which a worker gets ready, ms: it may ask an issuer (`issuer.timeoutSeconds`, at most a minute) twice. */
const PREPARE_MS = 150_000
/** Longest time in which a worker that is ready switches, ms. */
const SWITCH_MS = 5000

/**
 * First of two phases: every worker builds what the configuration needs, beside what is in force. When one cannot, all
 * forget it.
 * @throws ConfigurationError
 */
export async function prepareAll(
  members: readonly Member[],
  next: Config,
): Promise<{ switchAll(): Promise<void>; abort(): void }> {
  const abort = () => {
    for (const { line } of members) line.ask('abort', undefined, SWITCH_MS).catch(() => undefined) // gone: forgotten
  }
  const faults = (await Promise.all(members.map((member) => prepareOne(member, next)))).flat()
  if (faults.length > 0) {
    abort()
    throw new ConfigurationError('reload', withoutRepeats(faults))
  }
  return { abort, switchAll: async () => void (await Promise.all(members.map((member) => switchOne(member, next)))) }
}

async function prepareOne({ worker, line }: Member, next: Config): Promise<readonly FieldError[]> {
  try {
    return await line.ask('prepare', next, PREPARE_MS)
  } catch (error) {
    const got = error instanceof Error ? error.message : 'none'
    return [{ path: 'server.workers', expected: `an answer of worker ${worker.process.pid}`, got }]
  }
}

/** Second phase. Who was ready and does not switch cannot be relied on: it is ended, and replaced by one that does. */
async function switchOne(member: Member, next: Config): Promise<void> {
  try {
    await member.line.ask('commit', undefined, SWITCH_MS)
    member.config = next
  } catch {
    member.worker.process.kill('SIGKILL')
  }
}

const withoutRepeats = (faults: readonly FieldError[]) =>
  faults.filter((fault, at) => faults.findIndex((other) => isDeepStrictEqual(other, fault)) === at)

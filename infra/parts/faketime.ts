import { ensureDebian } from './debian.ts'
import type { Progress } from './progress.ts'
import { run } from './run.ts'

/** @throws PartMissing */
export const ensureFaketime = (progress?: Progress) =>
  ensureDebian([{ command: 'faketime', debianPackage: 'faketime' }], progress)

/**
 * The environment in which a program's clock is ahead of the machine's by `seconds`, or behind it if negative. Timers are
 * not affected. This is not the command `faketime`, because a program started by it does not receive signals.
 */
export async function clockAhead(seconds: number): Promise<Record<string, string>> {
  await ensureFaketime()
  const { ok, tail } = await run('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'])
  if (!ok) throw new Error(`faketime: expected the path of its library, got:\n${tail}`)
  return {
    LD_PRELOAD: tail,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}

import { ensureDebian } from './debian.ts'
import type { Progress } from './progress.ts'
import { run } from './run.ts'

/** @throws PartMissing */
export const ensureFaketime = (progress?: Progress) =>
  ensureDebian([{ command: 'faketime', debianPackage: 'faketime' }], progress)

/**
 * The environment in which a program's clock is ahead of the machine's, or behind it where `seconds` is negative. Its
 * timers run as ever. The environment alone, not the command: a program started by `faketime` does not get our signals.
 */
export async function clockAhead(seconds: number): Promise<Record<string, string>> {
  await ensureFaketime()
  const { ok, tail } = await run('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'])
  if (!ok) throw new Error(`faketime does not say which library it is made of:\n${tail}`)
  return {
    LD_PRELOAD: tail,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}

import { type RunOptions, run } from './run.ts'

/** Runs a command until it exits. @throws Error with the end of its output if it fails */
export async function must(command: string, args: readonly string[], options?: RunOptions): Promise<void> {
  const { ok, tail } = await run(command, args, options)
  if (!ok) throw new Error(`${command} failed.\n${tail}`)
}

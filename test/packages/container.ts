import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ensurePodman } from '../../infra/parts/podman.ts'

const call = promisify(execFile)

/** Runs podman with its own images and settings. Resolves to what it printed. @throws Error with its output */
export async function podman(...args: string[]): Promise<string> {
  const { env } = await ensurePodman()
  const { stdout } = await call('podman', args, { env: { ...process.env, ...env }, maxBuffer: 1 << 26 })
  return stdout.trim()
}

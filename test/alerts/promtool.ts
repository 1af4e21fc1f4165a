import { execFile } from 'node:child_process'
import { ensurePrometheus } from '../../infra/parts/prometheus.ts'

/** Runs promtool. Resolves to whether it succeeded, and to what it printed. */
export async function promtool(args: readonly string[], cwd?: string): Promise<{ ok: boolean; printed: string }> {
  const { promtool: program } = await ensurePrometheus()
  return await new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 16_000_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, printed: stdout + stderr }),
    )
  })
}

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Called with each line the command prints, on either stream. */
  readonly onLine?: (line: string) => void
  /** A command that has not exited by then is stopped, and has failed. */
  readonly seconds?: number
}

/** pip's lines about other platforms, which would displace the reason of a failure. */
const NOISE = /^Ignoring .+: markers /

export interface RunResult {
  readonly ok: boolean
  /** The last 40 lines of both streams, for error messages. */
  readonly tail: string
}

/** Runs a command until it exits. Resolves to `ok: false` if it fails or does not exist. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.seconds === undefined ? undefined : options.seconds * 1000,
  })
  const end = () => child.kill() // the command stops with this process
  process.once('exit', end)
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (!NOISE.test(line)) lines.push(line)
      if (lines.length > 40) lines.shift()
      options.onLine?.(line)
    })
  }
  return new Promise((resolve) => {
    const finish = (result: RunResult) => {
      process.off('exit', end)
      resolve(result)
    }
    child.on('error', (error) => finish({ ok: false, tail: error.message }))
    child.on('close', (code) => finish({ ok: code === 0, tail: lines.join('\n') }))
  })
}

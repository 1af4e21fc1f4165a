import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface BackgroundOptions {
  /** Name in messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** File for both output streams. Its end is part of the error if the program stops early. */
  readonly logFile: string
  /** A URL that returns 2xx when the program is ready, or a function that checks it. */
  readonly readyUrl: string | (() => Promise<boolean>)
  readonly readySeconds: number
}

export interface Background {
  readonly pid: number
  /** Resolves when the program stops, whether expected or not. */
  readonly stopped: Promise<void>
  /** The exit code; null: a signal ended it. */
  readonly exitCode: Promise<number | null>
  /** Stops the program and everything it started. Resolves when all processes have exited. */
  close(): Promise<void>
}

/**
 * The program runs in a process group of its own. A watcher in that group reads from a pipe of this process. When this
 * process exits, however suddenly, the pipe closes and the whole group is killed, so nothing keeps running.
 */
const GUARDED = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) & exec "$@" 3<&- </dev/null'

/** Starts a program and waits until it is ready. @throws Error with the end of its log if it does not become ready */
export async function startBackground(options: BackgroundOptions): Promise<Background> {
  const log = openSync(options.logFile, 'a')
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', options.command, ...options.args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', log, log],
    detached: true,
  })
  child.stdin?.on('error', () => {}) // the program may exit before the pipe is closed
  const exitCode = once(child, 'exit').then(([code]) => code as number | null)
  const stopped = exitCode.then(() => {})
  const pid = await startedPid(child, options)
  const close = () => endGroup(pid)
  try {
    await untilReady(options, stopped)
  } catch (error) {
    await close()
    throw error
  }
  return { pid, stopped, exitCode, close }
}

async function startedPid(child: ChildProcess, { name }: BackgroundOptions): Promise<number> {
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error(`${name} did not start`)
  return child.pid
}

async function untilReady(options: BackgroundOptions, stopped: Promise<void>): Promise<void> {
  const { name, readyUrl, readySeconds, logFile } = options
  let running = true
  stopped.then(() => {
    running = false
  })
  const end = Date.now() + readySeconds * 1000
  while (Date.now() < end && running) {
    if (await (typeof readyUrl === 'string' ? responds(readyUrl) : readyUrl())) return
    await Promise.race([sleep(150), stopped])
  }
  const why = running ? `did not respond within ${readySeconds} s` : 'stopped while starting'
  throw new Error(`${name} ${why}. The end of ${logFile}:\n${tailOf(logFile)}`)
}

async function responds(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** The last lines of a log. */
export const tailOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-25).join('\n')

async function endGroup(leader: number): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGTERM', 6000],
    ['SIGKILL', 5000],
  ] as const) {
    if (!sendSignal(-leader, signal)) return
    for (const end = Date.now() + waitMs; Date.now() < end; await sleep(50)) {
      if (!sendSignal(-leader, 0)) return
    }
  }
}

/**
 * Sends a signal to a process, or to a group of processes if the number is negative. A part that stopped by itself is no
 * error: whoever ends it afterwards would hide the reason.
 * @returns false if there is none
 */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** One core for the subject, the other for load, upstream and issuer. */
export const SUBJECT_CORE = '0'
export const LOAD_CORE = '1'

/** A process under measurement, pinned. */
export class Pinned {
  readonly child: ChildProcess
  readonly #all: () => number[]
  output = ''

  constructor(
    core: string,
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
    directory?: string,
  ) {
    const options = { env: { ...process.env, ...env }, ...(directory && { cwd: directory }) }
    this.child = spawn('taskset', ['-c', core, command, ...args], options)
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (bytes) => {
        if (this.output.length < 20_000) this.output += String(bytes)
      })
    this.#all = () => [this.child.pid as number, ...childrenOf(this.child.pid as number)]
  }

  /** Waits until `url` answers at all. @throws Error with the process's own words */
  async answers(url: string): Promise<void> {
    for (let i = 0; i < 150; i += 1) {
      if (this.child.exitCode !== null) break
      const up = await fetch(url, { redirect: 'manual' }).then(
        () => true,
        () => false,
      )
      if (up) return
      await sleep(100)
    }
    throw new Error(`${url} does not answer: ${this.output}`)
  }

  /** The processes that do the work: its own workers, or itself where it has none. */
  workers(): number[] {
    const children = childrenOf(this.child.pid as number)
    return children.length > 0 ? children : [this.child.pid as number]
  }

  /** Processor time used so far, seconds, of the process and its workers. */
  cpuSeconds(): number {
    return sum(this.#all().map(runSeconds))
  }

  /** Resident memory, MiB. */
  rss(): number {
    return sum(
      this.#all().map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024),
    )
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(late)
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)

/** Of all threads, seconds, to the nanosecond: the ticks of `stat` are 10 ms, more than a short round can bear. */
function runSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return sum(threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e9))
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Length of one period, µs: short, so that a process that has used up its share waits for milliseconds only. */
const PERIOD = 10_000

/** A share of one core for a process, kept by the kernel (cgroup v1 `cpu`, or v2). Needs root. */
export class Quota {
  readonly #directory: string

  /** @param share Of one core, between 0 and 1. @throws Error when the kernel offers no such control here */
  constructor(pid: number, share: number) {
    const v1 = existsSync('/sys/fs/cgroup/cpu/cgroup.procs')
    this.#directory = join(v1 ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup', `modelops-bench-${pid}`)
    const quota = String(Math.round(PERIOD * share))
    try {
      mkdirSync(this.#directory)
      if (v1) {
        this.#write('cpu.cfs_period_us', String(PERIOD))
        this.#write('cpu.cfs_quota_us', quota)
      } else this.#write('cpu.max', `${quota} ${PERIOD}`)
      this.#write('cgroup.procs', String(pid))
    } catch (error) {
      throw new Error('the workers row needs root and the cpu controller of cgroups', { cause: error })
    }
  }

  #write(name: string, value: string): void {
    writeFileSync(join(this.#directory, name), value)
  }

  /** Takes the empty group away; call it once the process is gone. */
  remove(): void {
    rmdirSync(this.#directory)
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { LOAD_CORE } from './process.ts'
import { median } from './rounds.ts'
import type { Burst } from './slice-client.ts'
import type { Subject } from './subjects.ts'

/** CPU that one subject takes more for a request than the base does. */
export interface Cost {
  readonly name: string
  /** Median over the slices, µs a request. */
  readonly cpu: number
  /** Of the differences to the base's slice of the same turn: median and quartiles, µs a request. */
  readonly more: number
  readonly quartiles: readonly [number, number]
  /** Median of the ratios to the same slice, less 1. */
  readonly share: number
}

/** Until V8 has compiled what runs in one request of a hundred, too. */
const WARM_REQUESTS = 40_000
/** Some 20 ms: what other programs do to the machine, they do to neighbours alike. */
export const SLICE_REQUESTS = 400

/**
 * Measures CPU time, not speed, in many short slices that take turns, in another order each time. Each slice is compared
 * with the base's of the same turn.
 * @param subjects The first is the base.
 */
export async function pairedCosts(subjects: readonly Subject[], turns: number, path: string): Promise<Cost[]> {
  const client = new SliceClient()
  try {
    for (const subject of subjects) await client.slice(subject, path, WARM_REQUESTS)
    const taken = subjects.map((): number[] => [])
    for (let turn = 0; turn < turns; turn += 1)
      for (let i = 0; i < subjects.length; i += 1) {
        const at = (i + turn) % subjects.length
        taken[at]?.push(await client.slice(subjects[at] as Subject, path, SLICE_REQUESTS))
      }
    return subjects.map(({ name }, i) => costOf(name, taken[i] as number[], taken[0] as number[]))
  } finally {
    client.stop()
  }
}

class SliceClient {
  readonly #process: ChildProcess
  readonly #gone: Promise<never>

  constructor() {
    const file = join(import.meta.dirname, 'slice-client.ts')
    this.#process = spawn('taskset', ['-c', LOAD_CORE, process.execPath, file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#gone = once(this.#process, 'exit').then(() => Promise.reject(new Error('a slice failed')))
    this.#gone.catch(() => undefined)
  }

  /** @returns CPU of one request, µs @throws Error when anything but 200 came back */
  async slice({ url, headers, process, asked }: Subject, path: string, requests: number): Promise<number> {
    const { host, port } = new URL(url)
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields.join('')}\r\n`
    const cpu = () => process.cpuSeconds() + (asked?.cpuSeconds() ?? 0)
    const before = cpu()
    this.#process.send({ port: Number(port), text, requests } satisfies Burst)
    await Promise.race([once(this.#process, 'message'), this.#gone])
    return ((cpu() - before) / requests) * 1e6
  }

  stop(): void {
    this.#process.kill()
  }
}

function costOf(name: string, own: readonly number[], base: readonly number[]): Cost {
  const differences = own.map((cpu, i) => cpu - (base[i] as number))
  const sorted = differences.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number
  return {
    name,
    cpu: median(own),
    more: median(differences),
    quartiles: [at(0.25), at(0.75)],
    share: median(own.map((cpu, i) => cpu / (base[i] as number) - 1)),
  }
}

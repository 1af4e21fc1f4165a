import { openSync } from 'node:fs'
import { createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import type { ProbePlant, Readings } from './readings.ts'
import { waitingTimers } from './timers.ts'

/**
 * Loaded into a replica with `--import`, `--expose-gc` and `--expose-internals`: responds on a Unix socket with one line of
 * JSON for each line it gets. Nothing of it keeps the process alive.
 */
const { LONG_RUN_PROBE: path, LONG_RUN_PLANTS: plants = '' } = process.env
if (path === undefined) throw new Error('LONG_RUN_PROBE: expected the path of a Unix socket, got nothing')

const MS = 1e6
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

function readings(): Readings {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const loopDelay = { p50: delay.percentile(50) / MS, p99: delay.percentile(99) / MS, max: delay.max / MS }
  delay.reset()
  const { user, system } = process.cpuUsage()
  const cpuSeconds = (user + system) / 1e6
  return { cpuSeconds, rss, heapTotal, heapUsed, external, arrayBuffers, resources, timers: waitingTimers(), loopDelay }
}

createServer((socket) => {
  socket.unref()
  socket.on('error', () => socket.destroy())
  createInterface({ input: socket }).on('line', (request) => {
    if (request === 'collect-and-read') globalThis.gc?.()
    if (request === 'plant') plant()
    socket.write(`${JSON.stringify(readings())}\n`)
  })
})
  .listen(path)
  .unref()

/** What stays behind, so that it is not collected. */
const kept: unknown[] = []
const PLANTS: Record<ProbePlant, () => unknown> = {
  'descriptor-leak': () => openSync('/dev/null', 'r'),
  'timer-leak': () => setInterval(() => undefined, 3_600_000).unref(),
  'memory-leak': () => Array.from({ length: 20_000 }, (_, i) => ({ i })),
}

/** With the traffic: before it, a replica comes to rest. */
function plant(): void {
  for (const name of plants.split(',').filter((each): each is ProbePlant => each in PLANTS))
    setInterval(() => kept.push(PLANTS[name]()), 1000).unref()
}

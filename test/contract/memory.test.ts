import type { SessionBackend } from '../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../src/gateway/sessions/stores/memory.ts'
import { observeBackend } from '../../src/gateway/sessions/stores/observed-backend.ts'
import { backendContract } from './backend.ts'

// The decorator that times every operation must leave a store as it is.
for (const [name, decorate] of [
  ['memory', (backend: SessionBackend) => backend],
  ['memory, observed', (backend: SessionBackend) => observeBackend(backend, () => undefined)],
] as const)
  backendContract(name, async () => {
    let now = Date.UTC(2026, 0, 1)
    const backend = decorate(new MemoryBackend(() => now))
    return {
      connect: async () => backend,
      now: () => now,
      advance: async (seconds) => {
        now += seconds * 1000
      },
      close: () => backend.close(),
    }
  })

import { MemoryBackend } from '../../src/gateway/sessions/stores/memory.ts'
import { backendContract } from './backend.ts'

backendContract('memory', async () => {
  let now = Date.UTC(2026, 0, 1)
  const backend = new MemoryBackend(() => now)
  return {
    connect: async () => backend,
    now: () => now,
    advance: async (seconds) => {
      now += seconds * 1000
    },
    close: () => backend.close(),
  }
})

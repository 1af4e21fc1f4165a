import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteBackend } from '../../src/gateway/sessions/stores/sqlite.ts'
import { backendContract } from './backend.ts'

backendContract('sqlite', async () => {
  let now = Date.UTC(2026, 0, 1)
  const folder = await mkdtemp(join(tmpdir(), 'modelops-gateway-'))
  const opened: SqliteBackend[] = []
  return {
    connect: async () => {
      const backend = new SqliteBackend(join(folder, 'sessions.db'), () => now)
      opened.push(backend)
      return backend
    },
    now: () => now,
    advance: async (seconds) => {
      now += seconds * 1000
    },
    close: async () => {
      for (const backend of opened) await backend.close()
      await rm(folder, { recursive: true })
    },
  }
})

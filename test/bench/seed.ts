import { ALPHA } from '../../infra/issuer/users.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { buildLog } from '../../src/gateway/observability/log.ts'
import { Sessions } from '../../src/gateway/sessions/sessions.ts'
import { openBackend } from '../../src/gateway/sessions/stores/open.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { gatewayConfig } from './subjects.ts'

/** Sessions as logins leave them in a store, without the logins. Resolves to their cookies. */
export async function seedSessions(issuerUrl: string, store: string, count: number, groups: number): Promise<string[]> {
  const config = parseConfig(JSON.stringify(gatewayConfig(issuerUrl, 'http://127.0.0.1:1', 1, { store })), 'seed', {})
  const backend = await openBackend(config, systemClock)
  const sessions = new Sessions({
    config,
    backend,
    clock: systemClock,
    log: buildLog({ ...config.log, level: 'error' }),
  })
  const cookies: string[] = []
  for (let i = 0; i < count; i += 1) {
    const more = Array.from({ length: groups - 1 }, (_, n) => `department-${n}-of-the-company`)
    const principal = {
      issuer: issuerUrl,
      subject: `subject-${i}`,
      kind: 'person' as const,
      username: `user-${i}`,
      groups: new Set(['project-alpha', ...more]),
      projectIds: new Set([ALPHA]),
    }
    const tokens = {
      accessToken: 'a'.repeat(1000),
      accessExpiresAt: Date.now() + 864_000_000,
      idToken: 'i'.repeat(1000),
    }
    const { setCookie } = await sessions.create({ principal, tokens })
    cookies.push(setCookie.split(';', 1)[0] as string)
  }
  await sessions.close()
  return cookies
}

/** Resident memory that `count` sessions of the memory store take, MiB: run as a script, alone in its process. */
if (import.meta.main) {
  const count = Number(process.argv[2])
  const before = process.memoryUsage().rss
  const kept = await seedSessions('http://127.0.0.1:1', 'memory', count, 3)
  globalThis.gc?.()
  console.log(JSON.stringify({ count: kept.length, mebibytes: (process.memoryUsage().rss - before) / 1_048_576 }))
}

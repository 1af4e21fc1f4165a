import { USERS } from '../../infra/issuer/users.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { buildLog } from '../../src/gateway/observability/log.ts'
import { Sessions } from '../../src/gateway/sessions/sessions.ts'
import { openBackend } from '../../src/gateway/sessions/stores/open.ts'
import { systemClock } from '../../src/shared/clock.ts'

/** Creates a session for each demo user in the configured store, without signing in. Resolves to cookies by user name. */
export async function sessionsOf(raw: object, issuer: string): Promise<Record<string, string>> {
  const config = parseConfig(JSON.stringify(raw), 'seed', {})
  const backend = await openBackend(config, systemClock)
  const log = buildLog({ ...config.log, level: 'error' })
  const sessions = new Sessions({ config, backend, clock: systemClock, log })
  const cookies: Record<string, string> = {}
  for (const { username, groups } of USERS) {
    const principal = {
      issuer,
      subject: username,
      kind: 'person' as const,
      username,
      groups: new Set(groups),
      projectIds: new Set<string>(),
    }
    const tokens = { accessToken: 'a', accessExpiresAt: Date.now() + 864_000_000, idToken: 'i' }
    const { setCookie } = await sessions.create({ principal, tokens })
    cookies[username] = setCookie.split(';', 1)[0] as string
  }
  await sessions.close()
  return cookies
}

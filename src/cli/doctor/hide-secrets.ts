import { parseRedisAddress } from '../../gateway/config/redis-address.ts'
import type { Config } from '../../gateway/config/schema.ts'

const HIDDEN = '(hidden)'

/**
 * The last line of defence: no check writes a secret, and no text that a server returned may carry one out either.
 * Replaces every secret of the configuration, also as it is written in URLs and in JSON.
 */
export function hideSecrets(config: Config | undefined): (text: string) => string {
  const secrets = config === undefined ? [] : secretsIn(config)
  const forms = [
    ...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])),
  ]
  // The longest first: one may contain another.
  forms.sort((a, b) => b.length - a.length)
  return (text) => forms.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
}

function secretsIn({ issuer, session, projects, routes }: Config): string[] {
  return [
    issuer.clientSecret,
    ...session.secrets,
    ...storeSecrets(session.store),
    ...(projects.source === 'core' ? [projects.clientSecret] : []),
    ...routes.map(({ airflow }) => airflow?.requestSecret),
  ].filter((secret): secret is string => secret !== undefined && secret !== '')
}

function storeSecrets(store: string): (string | undefined)[] {
  if (!store.startsWith('redis')) return []
  try {
    const { password, sentinelPassword } = parseRedisAddress(store)
    return [password, sentinelPassword]
  } catch {
    return [store]
  }
}

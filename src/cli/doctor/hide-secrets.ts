import { parseRedisAddress } from '../../gateway/config/redis-address.ts'
import { type Config, configSchema } from '../../gateway/config/schema.ts'
import { metadataOf, type Path, schemaAt } from '../../shared/settings/schema-walk.ts'
import { hideTexts } from '../hide-texts.ts'

/**
 * The last line of defence: no check writes a secret, and no text that a server returned may carry one out either.
 * Replaces every secret of the configuration, also as it is written in URLs and in JSON.
 */
export function hideSecrets(config: Config | undefined): (text: string) => string {
  return hideTexts(config === undefined ? [] : secretsIn(config))
}

const SECRET_KEY = /secret|password|adminTokenHash/i

/** Every text of a key that the schema marks as secret, or whose name says so. The store's address is shown without its passwords. */
function secretsIn(config: Config): string[] {
  const keys = textsIn(config).filter(({ path }) => path.join('.') !== 'session.store' && isSecret(path, config))
  return [...keys.map(({ text }) => text), ...storeSecrets(config.session.store)]
}

const isSecret = (path: Path, config: Config): boolean =>
  path.some((key, depth) => {
    const field = schemaAt(configSchema, path.slice(0, depth + 1), config)
    return SECRET_KEY.test(key) || (field !== undefined && metadataOf(field).secret === true)
  })

function textsIn(value: unknown, path: Path = []): { path: Path; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, entry]) => textsIn(entry, [...path, key]))
}

function storeSecrets(store: string): string[] {
  if (!store.startsWith('redis')) return []
  try {
    const { password, sentinelPassword } = parseRedisAddress(store)
    return [password, sentinelPassword].filter((secret) => secret !== undefined)
  } catch {
    return [store]
  }
}

import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { parseRedisAddress } from '../redis-address.ts'
import type { Config } from '../schema.ts'
import { randomSecretErrors } from './secret.ts'

type Session = Config['session']

export function sessionErrors(session: Session): CheckError[] {
  return [...secretErrors(session), ...lifetimeErrors(session), ...storeErrors(session)]
}

function secretErrors({ secrets }: Session): CheckError[] {
  return secrets.flatMap((secret, index) => randomSecretErrors(secret, `session.secrets.${index}`))
}

function lifetimeErrors({ idleSeconds, absoluteSeconds }: Session): CheckError[] {
  if (idleSeconds <= absoluteSeconds) return []
  return [
    {
      path: 'session.idleSeconds',
      expected: `at most session.absoluteSeconds (${absoluteSeconds})`,
      hint: 'Lower idleSeconds or raise absoluteSeconds.',
    },
  ]
}

function storeErrors({ store, storeCa }: Session): CheckError[] {
  if (storeCa !== undefined && !store.startsWith('rediss')) {
    const hint = 'Change session.store to rediss://, or remove storeCa.'
    return [
      {
        path: 'session.storeCa',
        expected: 'a rediss:// store',
        got: 'a store without TLS',
        hint,
        dependsOn: ['session.store'],
      },
    ]
  }
  if (!store.startsWith('redis')) return []
  try {
    parseRedisAddress(store)
    return []
  } catch (error) {
    const expected = error instanceof Error ? error.message.replace(/^expected /, '') : 'a Redis address'
    return [{ path: 'session.store', expected, got: 'an address (not shown: it may contain a password)' }]
  }
}

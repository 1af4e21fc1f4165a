import { createLocalJWKSet } from 'jose'
import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/message-of.ts'
import { ConfigurationError } from '../../../shared/settings/field-errors.ts'
import { readSettingsFile } from '../../../shared/settings/read-file.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import { parseKeySet } from './key-set.ts'

/** The file is read at most once in this time, in milliseconds: a key that was removed from it ends within it. */
const READ_MS = 1000
const EXPECTED = 'a JSON Web Key Set, such as the output of `kubectl get --raw /openid/v1/jwks`'

/** @throws ConfigurationError */
export function loadKeySetFile(path: string): ReturnType<typeof createLocalJWKSet> {
  const text = readSettingsFile(path, EXPECTED)
  try {
    return createLocalJWKSet(parseKeySet(text))
  } catch (error) {
    throw new ConfigurationError(path, [{ path: '', expected: EXPECTED, got: messageOf(error) }])
  }
}

/**
 * Keys of an issuer from a file, which is read again while tokens arrive. After an invalid edit the last valid keys stay
 * in use, and the error is logged.
 * @throws ConfigurationError when the file has no valid keys at the start
 */
export function fileKeys(path: string, clock: Clock, log: Logger): () => Promise<IssuerKeys> {
  let set = loadKeySetFile(path)
  let readAt = clock()
  const read = () => {
    if (clock() - readAt < READ_MS) return
    readAt = clock()
    try {
      set = loadKeySetFile(path)
    } catch (error) {
      log.warn({ path, fault: messageOf(error) }, 'keys of an issuer could not be read; the known keys stay in use')
    }
  }
  const keys: IssuerKeys = {
    reload: async () => read(),
    reloadFor: async () => read(),
    find(header, token) {
      read()
      return set(header, token)
    },
  }
  return async () => keys
}

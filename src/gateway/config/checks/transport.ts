import { isLoopback } from '../../../shared/loopback.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'

/** Tokens and cookies must not cross a network unencrypted. */
export function transportErrors(path: string, text: string, server: Config['server']): CheckError[] {
  const url = new URL(text)
  if (server.insecureHttp || url.protocol === 'https:' || isLoopback(url.hostname)) return []
  const hint = 'Use https. On a closed test network, set server.insecureHttp: true instead.'
  return [{ path, expected: 'https outside loopback', hint }]
}

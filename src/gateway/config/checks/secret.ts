import type { CheckError } from '../../../shared/settings/load-settings.ts'
import { isPlaceholder } from './placeholder.ts'

const hint = 'Generate one: openssl rand -base64 48'

/** A secret that the operator makes up: long enough, and not one from an example. */
export function randomSecretErrors(secret: string, path: string): CheckError[] {
  const bytes = Buffer.byteLength(secret)
  if (bytes < 32) return [{ path, expected: 'at least 32 bytes', got: `${bytes} bytes (not shown)`, hint }]
  if (!isPlaceholder(secret)) return []
  return [{ path, expected: 'a random secret', got: 'a placeholder (not shown)', hint }]
}

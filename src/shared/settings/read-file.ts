import { readFileSync } from 'node:fs'
import { ConfigurationError } from './field-errors.ts'

/** @param expected What the file should be, for the error. @throws ConfigurationError */
export function readSettingsFile(file: string, expected = 'a readable YAML file'): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw new ConfigurationError(file, [{ path: '', expected, got: readFailure(error) }])
  }
  const text = decode(bytes)
  if (text !== undefined) return text
  const hint = 'Save the file as UTF-8.'
  throw new ConfigurationError(file, [{ path: '', expected: 'text in UTF-8', got: 'other bytes', hint }])
}

/** UTF-16 without a byte order mark is valid UTF-8 with a zero in every other byte. */
function decode(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'a folder',
}

/** Why a file could not be read: the code of the operating system, and what it means. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
  return WORDS[code] === undefined ? code : `${code} (${WORDS[code]})`
}

import { open } from 'node:fs/promises'
import { readFailure } from '../../../shared/settings/read-file.ts'

/** Longest file with a credential, in bytes. */
const MAX_BYTES = 65_536

/**
 * A credential of the gateway cannot be used. That says nothing about users: nobody is signed out by it. The message names
 * the key and the file, and no part of its content.
 */
export class ClientCredentialError extends Error {
  /** Dotted path of the key that names the file. */
  readonly path: string
  readonly expected: string
  readonly got: string
  readonly hint: string

  constructor(path: string, { expected, got, hint }: Pick<ClientCredentialError, 'expected' | 'got' | 'hint'>) {
    super(`${path}: expected ${expected}, got ${got}. ${hint}`)
    this.name = 'ClientCredentialError'
    this.path = path
    this.expected = expected
    this.got = got
    this.hint = hint
  }
}

/** A file that a key of the configuration names. */
export interface ClientFile {
  /** Dotted path of the key. */
  readonly key: string
  readonly path: string
}

/**
 * Reads a file each time it is needed: whoever renews it replaces it without telling the gateway, and a request to the
 * issuer takes much longer than this.
 * @throws ClientCredentialError
 */
export async function readClientFile({ key, path }: ClientFile, expected: string): Promise<string> {
  const fail = (got: string, hint: string) => new ClientCredentialError(key, { expected, got: `${path}: ${got}`, hint })
  try {
    const file = await open(path)
    try {
      const bytes = Buffer.alloc(MAX_BYTES + 1)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      if (bytesRead > MAX_BYTES) throw fail(`more than ${MAX_BYTES} bytes`, 'Check the path.')
      const text = bytes.toString('utf8', 0, bytesRead).trim()
      if (text === '') throw fail('an empty file', 'Check what writes this file.')
      return text
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof ClientCredentialError) throw error
    throw fail(readFailure(error), 'Check the path, its owner and its permissions, and what writes this file.')
  }
}

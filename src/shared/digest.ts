import { createHash } from 'node:crypto'

/** SHA-256 of a text (as UTF-8) or of bytes, as base64url without padding: 43 characters. Stands for a secret in keys of caches. */
export const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('base64url')

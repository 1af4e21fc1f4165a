import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { forEachSecret } from '../sessions/crypto/session-keys.ts'

/**
 * Proofs that only the gateway can make, keyed by the session secrets: the first secret makes them, all of them count.
 * Each purpose has a key of its own (RFC 5869 §3.2).
 */
export class ConsoleProofs {
  readonly #keys: readonly [Buffer, ...Buffer[]]

  /** @param secrets `session.secrets`, newest first */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = forEachSecret(secrets, (secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', `modelops-gateway console ${purpose}`, 32)),
    )
  }

  /** A proof over `text`, in base64url. */
  make(text: string): string {
    return proof(this.#keys[0], text)
  }

  /** Compares in constant time. */
  holds(text: string, given: string | null | undefined): boolean {
    if (typeof given !== 'string') return false
    const bytes = Buffer.from(given, 'latin1')
    return this.#keys.some((key) => {
      const expected = Buffer.from(proof(key, text), 'latin1')
      return bytes.length === expected.length && timingSafeEqual(bytes, expected)
    })
  }
}

const proof = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64url')

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { forEachSecret } from '../../sessions/crypto/session-keys.ts'

/** A nonce is handed out for this long, and accepted for as long again, in milliseconds. */
const PERIOD_MS = 300_000
/** Bytes of the MAC: as many as no client can guess. */
const MAC_BYTES = 16

/** Nonces for DPoP proofs (RFC 9449 §9). They limit how long before its use a proof can have been made. */
export interface DpopNonces {
  readonly current: () => string
  readonly isValid: (nonce: string) => boolean
}

/**
 * Nonces without a store: the number of a period, and its MAC by a key of the session secret. All replicas hand out the
 * same one, and each accepts it. After a change of secrets, those of the previous secret are still accepted.
 * @param secrets `session.secrets`, newest first
 */
export function buildDpopNonces(secrets: readonly string[], clock: Clock): DpopNonces {
  const keys = forEachSecret(secrets, (secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'modelops-gateway dpop nonce', 32)),
  )
  const mac = (key: Buffer, period: number) =>
    createHmac('sha256', key).update(String(period)).digest().subarray(0, MAC_BYTES)
  const period = () => Math.floor(clock() / PERIOD_MS)
  let known = { period: Number.NaN, nonce: '' }

  return {
    current() {
      const now = period()
      if (known.period !== now)
        known = { period: now, nonce: `${now.toString(36)}.${mac(keys[0], now).toString('base64url')}` }
      return known.nonce
    },
    isValid(nonce) {
      const [, number = '', tag = ''] = /^([0-9a-z]{1,10})\.([\w-]{22})$/.exec(nonce) ?? []
      const named = Number.parseInt(number, 36)
      // One period on either side: the clocks of two replicas differ where one of them has just begun the next.
      if (number === '' || Math.abs(period() - named) > 1) return false
      const sent = Buffer.from(tag, 'base64url')
      return keys.some((key) => timingSafeEqual(mac(key, named), sent))
    },
  }
}

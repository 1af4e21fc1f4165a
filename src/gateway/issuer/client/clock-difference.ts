/** An assertion is rejected by strict issuers when the clocks differ by more than this, in seconds. */
const TOLERATED_SECONDS = 10

/**
 * Seconds by which the issuer's clock is ahead of this machine's, from the `Date` of its response; undefined without one.
 * @param now Milliseconds since the epoch.
 */
export function secondsAhead(date: string | null | undefined, now: number): number | undefined {
  const there = Date.parse(date ?? '')
  // A Date stands for any moment of its second.
  return Number.isNaN(there) ? undefined : Math.round((there + 500 - now) / 1000)
}

const COMPARE_CLOCKS =
  'Compare the clocks of the two machines: the issuer does not say its time, and a difference makes assertions look expired or not yet valid. Synchronize both clocks (NTP).'

/**
 * What to do when an issuer rejects a JWT that may be right otherwise; undefined when the clocks agree. Keycloak sends no
 * `Date`, so there the clock stays a possible cause.
 */
export function clockAdvice(ahead: number | undefined): string | undefined {
  if (ahead === undefined) return COMPARE_CLOCKS
  if (Math.abs(ahead) <= TOLERATED_SECONDS) return undefined
  const direction = ahead > 0 ? 'ahead of' : 'behind'
  return `The issuer’s clock is ${Math.abs(ahead)} seconds ${direction} this machine’s, so assertions look expired or not yet valid there. Synchronize both clocks (NTP).`
}

import { metadataUrl } from '../../check/issuer.ts'
import { probe, Unreachable } from '../../check/probe.ts'
import type { Check } from '../check.ts'
import { type Finding, failed, ok, skipped, warning } from '../finding.ts'
import { blockedFinding } from '../world.ts'

/** Differences up to this are ordinary, in seconds: `Date` has whole seconds, and the response takes a moment. */
const ORDINARY_SECONDS = 5

export const clockCheck: Check = {
  id: 'clock',
  title: 'Clock',
  needs: ['dns', 'tls'],
  async run(world) {
    const { issuer } = world.config
    const blocked = blockedFinding(world, issuer.url, 'the clock of the issuer')
    if (blocked) return [blocked]
    const before = world.clock()
    try {
      const { headers } = await probe(metadataUrl(issuer))
      const there = Date.parse(headers.date ?? '')
      if (Number.isNaN(there))
        return [
          skipped('the clock of the issuer: it does not send its time (header Date); --login compares it by a token'),
        ]
      // A Date stands for any moment of its second.
      const ahead = Math.round((there + 500 - (before + world.clock()) / 2) / 1000)
      return [skewFinding(ahead, issuer.clockSkewSeconds)]
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      return [skipped(`the clock of the issuer: not checked, because it is not reachable (${error.message})`)]
    }
  },
}

/** @param ahead Seconds by which the clock of the issuer is ahead of this machine's; negative: behind. */
export function skewFinding(ahead: number, tolerated: number): Finding {
  const seconds = Math.abs(ahead)
  if (seconds <= ORDINARY_SECONDS) return ok('this machine and the issuer have the same time')
  const text = `the issuer’s clock is ${seconds} seconds ${ahead > 0 ? 'ahead of' : 'behind'} this machine’s; issuer.clockSkewSeconds is ${tolerated}`
  const cause = 'One of the two machines does not synchronize its clock, or a proxy sent an old response.'
  const fix = 'Synchronize both clocks (NTP). Do not raise issuer.clockSkewSeconds instead.'
  return seconds > tolerated ? failed(`${text}: tokens are rejected`, cause, fix) : warning(text, cause, fix)
}

/**
 * The same by a token of the issuer.
 * @param isNew Whether it was issued a moment ago. If not, only a token of the future tells something.
 */
export function tokenClockFinding(issuedAt: unknown, isNew: boolean, now: number, tolerated: number): Finding[] {
  if (typeof issuedAt !== 'number') return []
  const ahead = Math.round(issuedAt - now / 1000)
  return isNew || ahead > ORDINARY_SECONDS ? [skewFinding(ahead, tolerated)] : []
}

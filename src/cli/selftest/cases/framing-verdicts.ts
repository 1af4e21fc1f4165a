import { fail, pass, unanswered, type Verdict, warning } from '../case.ts'
import { isUnable, shown } from '../judges.ts'
import type { Received } from '../wire/send.ts'

/** `must`: RFC 9112 demands a rejection. `may`: it permits one reading, and a rejection is safer. */
export type Demand = 'must' | 'may'

export function framingVerdict(received: Received, demand: Demand, isAlive: boolean): Verdict {
  if (received.kind === 'unreached') return unanswered(`no connection (${received.code})`)
  if (received.kind === 'closed')
    return isAlive
      ? pass('closed; an ordinary request right after had a response')
      : unanswered('the connection was closed, and an ordinary request right after had no response')
  if (received.kind === 'silent')
    return isAlive ? warning('no response: the server waits for more') : unanswered('no response in time')
  const { first, responses } = received
  // Also after a denial: a server that denies a request and goes on reading takes the rest of it for another one.
  if (responses.length > 1)
    return fail(`${responses.length} responses to one request: a part of its body was read as another request`)
  // Proxies also reject what they cannot read with 500 or 502. That they still work shows that nothing else is wrong.
  const isRejection = first.status !== 429 && first.status !== 503 && isAlive
  if (isUnable(first.status) && !isRejection) return unanswered(`the target was unable to decide: ${shown(first)}`)
  if (first.status >= 400) return pass(shown(first))
  if (demand === 'must') return fail(`accepted: ${shown(first)}`)
  return warning(`accepted with one reading, which the specification permits: ${shown(first)}`)
}

/** Two responses mean that Transfer-Encoding was followed; one on an open connection, that Content-Length was. */
export function longLengthVerdict(received: Received, isAlive: boolean): Verdict {
  if (received.kind !== 'response' || received.first.status >= 400) return framingVerdict(received, 'may', isAlive)
  if (received.responses.length > 1)
    return warning('read by Transfer-Encoding, as specified, but the connection stays open (RFC 9112 §6.1)')
  if (received.closed) return warning('accepted, and the connection was closed: a rejection is safer')
  return fail('Content-Length was followed, although Transfer-Encoding overrides it')
}

import { type Case, fail, notRun, pass, unanswered, type Verdict, warning } from '../case.ts'
import { shown } from '../judges.ts'
import { nameOf, type Place } from '../wire/place.ts'
import { bytesOf } from '../wire/request.ts'
import { type Received, TIME_UP } from '../wire/send.ts'
import type { World } from '../world.ts'

const section = 'direct' as const
/** A firewall that drops packets gives no sign: longer than a connection takes, shorter than people wait. */
const OPTIONS = { timeoutMs: 4000 }

const fixOf = (what: string) =>
  `Let only the ${what} connect to it: listen on loopback or in an internal network, and close the port in the firewall or by a network policy.`

export const directCases: readonly Case[] = [
  {
    ...{ id: 'direct-upstream', section, title: 'Applications cannot be reached without the gateway' },
    sent: 'GET / to each --upstream, with a spoofed X-Forwarded-User',
    demanded: 'no connection, or a denial (401, 403)',
    ...{ source: 'ASVS 5.0 13.2.1, RFC 9700 §4.13, CWE-306', fix: fixOf('gateway') },
    missing: ({ upstreams }) => (upstreams.length === 0 ? 'no application was named: --upstream HOST:PORT' : undefined),
    run: (world) => ofPlaces(world, world.upstreams, ['/']),
  },
  {
    ...{ id: 'direct-admin', section, title: 'The admin listener cannot be reached from here' },
    sent: 'GET /metrics and GET /sessions to each --admin',
    demanded: 'no connection, or a denial (401, 403)',
    ...{ source: 'ASVS 5.0 13.4.2, CWE-668', fix: fixOf('monitoring') },
    missing: ({ admins }) => (admins.length === 0 ? 'no admin listener was named: --admin HOST:PORT' : undefined),
    run: (world) => ofPlaces(world, world.admins, ['/metrics', '/sessions']),
  },
]

async function ofPlaces(world: World, places: readonly Place[], targets: readonly string[]): Promise<Verdict> {
  const verdicts: Verdict[] = []
  for (const place of places)
    for (const target of targets) {
      const verdict = await reach(world, place, target)
      verdicts.push({ ...verdict, detail: `${nameOf(place)}: ${verdict.detail}` })
    }
  const order = ['fail', 'not run', 'warning', 'pass'] as const
  const worst = order.find((status) => verdicts.some((each) => each.status === status))
  const found = verdicts.filter(({ status }) => status === worst)
  const detail = [...new Set(found.map((each) => each.detail))].join('; ')
  return { ...(found[0] ?? notRun('nothing was sent')), detail }
}

async function reach(world: World, place: Place, target: string): Promise<Verdict> {
  const bytes = bytesOf({ target, host: nameOf(place), lines: ['X-Forwarded-User: selftest-spoofed'] })
  const plain = await world.sendTo(place, bytes, OPTIONS)
  // A server of TLS closes the connection, or says 400 in plain HTTP.
  const isTls = plain.kind === 'closed' || (plain.kind === 'response' && plain.first.status === 400)
  const received = isTls ? await world.sendTo({ ...place, tls: true }, bytes, OPTIONS) : plain
  return judge(received.kind === 'response' ? received : plain)
}

const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN'])

function judge(received: Received): Verdict {
  if (received.kind === 'unreached') {
    if (received.code === TIME_UP) return unanswered(TIME_UP)
    if (UNRESOLVED.has(received.code)) return unanswered(`the name has no address (${received.code})`)
    return pass(`no connection (${received.code})`)
  }
  if (received.kind !== 'response') return warning(`it accepts connections from here, and did not respond`)
  const { first } = received
  if (first.status === 401 || first.status === 403) return pass(shown(first))
  return fail(`it responds without the gateway: ${shown(first)}`)
}

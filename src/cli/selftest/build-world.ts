import { secretsOf } from './accounts.ts'
import { pace } from './pace.ts'
import { survey } from './survey.ts'
import type { Place } from './wire/place.ts'
import { bytesOf } from './wire/request.ts'
import { type Received, type SendOptions, send, TIME_UP } from './wire/send.ts'
import type { Account, Ask, World } from './world.ts'

export interface WorldOptions {
  readonly place: Place
  readonly upstreams: readonly Place[]
  readonly admins: readonly Place[]
  readonly httpPort?: number | undefined
  readonly echoPath?: string | undefined
  readonly paths: readonly string[]
  readonly first?: Account | undefined
  readonly second?: Account | undefined
  /** Requests a second. */
  readonly rate: number
}

/** Whether the time of the whole run has ended: nothing is sent any more. */
type IsTimeUp = () => boolean

/** Any response but these says that the target works. */
const UNABLE = new Set([502, 503, 504])

/** Asks the target what the cases need. Undefined: the target does not respond. */
export async function buildWorld(options: WorldOptions, isTimeUp: IsTimeUp): Promise<World | undefined> {
  const { place, first, second, rate, paths, ...rest } = options
  const turn = pace(rate)
  const secrets = [...secretsOf(first), ...secretsOf(second)]
  let hasAccount = false
  const usual = place.tls ? 443 : 80
  const host = place.port === usual ? place.host : `${place.host}:${place.port}`
  const sendTo = async (to: Place, bytes: string, how: SendOptions = {}): Promise<Received> => {
    await turn()
    if (isTimeUp()) return { kind: 'unreached', code: TIME_UP }
    // A secret is sent to a server that has proved who it is, or not at all. A case may send it changed or encoded.
    const isSecret = (hasAccount && to.host === place.host) || secrets.some((secret) => bytes.includes(secret))
    return send(isSecret ? { ...to, verifies: true } : to, bytes, how)
  }
  const ask = (request: Ask, how: SendOptions = {}) => {
    const { method = 'GET' } = request
    return sendTo(place, bytesOf({ host, ...request }), { method, ...how })
  }
  const control = async () => {
    const received = await ask({ target: '/auth/client-config' })
    return received.kind === 'response' && !UNABLE.has(received.first.status)
  }
  const origin = `${place.tls ? 'https' : 'http'}://${host}`
  if (!(await control())) return undefined
  const found = await survey({ ask, origin, place }, first, paths)
  hasAccount = secrets.length > 0 && found.withheld === undefined
  const { upstreams, admins, httpPort, echoPath } = rest
  return { place, origin, host, ask, sendTo, control, upstreams, admins, httpPort, echoPath, first, second, found }
}

import { fail, pass, unanswered, type Verdict } from './case.ts'
import { headerOf, type Response } from './wire/response.ts'
import type { Received } from './wire/send.ts'
import type { World } from './world.ts'

/** Statuses that say that the target could not do its work: they prove nothing. */
const UNABLE = new Set([429, 503])

/** Whether the target could not do its work, or something failed on the way: that is no decision about the request. */
export const isUnable = (status: number) => status === 429 || (status >= 500 && status !== 501 && status !== 505)

/** `401 login-required`: the status, and the reason if it is a denial of the gateway. Nothing else of a body is shown. */
export function shown({ status, body }: Response): string {
  const reason = reasonIn(body)
  return reason === undefined ? `status ${status}` : `status ${status} ${reason}`
}

/** Whether it is a denial of the gateway, which names its reason, and not a response of an application. */
export const hasReason = ({ body }: Response): boolean => reasonIn(body) !== undefined

function reasonIn(body: string): string | undefined {
  try {
    const { reason } = Object(JSON.parse(body))
    return typeof reason === 'string' && /^[a-z-]{1,40}$/.test(reason) ? reason : undefined
  } catch {
    return undefined
  }
}

/** No response proves nothing: the target may be down, or something between may have dropped the request. */
export function withoutResponse(received: Exclude<Received, { kind: 'response' }>): Verdict {
  if (received.kind === 'unreached') return unanswered(`no connection (${received.code})`)
  return unanswered(received.kind === 'closed' ? 'the connection was closed without a response' : 'no response in time')
}

/** Judges the first response. */
export function ofResponse(received: Received, judge: (response: Response) => Verdict): Verdict {
  if (received.kind !== 'response') return withoutResponse(received)
  if (UNABLE.has(received.first.status)) return unanswered(`the target was unable to decide: ${shown(received.first)}`)
  return judge(received.first)
}

/** A denial, or a redirect within the deployment or to the issuer: whoever follows it is authorized again. */
export const denied = (world: World, received: Received): Verdict =>
  ofResponse(received, (response) => {
    const { status } = response
    if (status >= 400 && status < 500) return pass(shown(response))
    if (status === 501 || status === 505) return pass(shown(response))
    if (status >= 300 && status < 400) return withinDeployment(world, response)
    if (status >= 500) return fail(`${shown(response)}: the request was forwarded, or caused an internal error`)
    return fail(`the request was admitted: ${shown(response)}`)
  })

/** A response that grants nothing. An error of the target proves nothing. */
export const denial = (response: Response): Verdict =>
  isUnable(response.status) ? unanswered(`the target was unable to decide: ${shown(response)}`) : pass(shown(response))

/** A client error, and nothing else. */
export const refused = (received: Received): Verdict =>
  ofResponse(received, (response) =>
    response.status >= 400 && response.status < 500
      ? pass(shown(response))
      : fail(`the request was not denied: ${shown(response)}`),
  )

/** One of these statuses. */
export const oneOf =
  (...statuses: readonly number[]) =>
  (received: Received): Verdict =>
    ofResponse(received, (response) =>
      statuses.includes(response.status)
        ? pass(shown(response))
        : fail(`expected status ${statuses.join(' or ')}, received ${shown(response)}`),
    )

/** A closed connection in place of a response is a denial if the target responds to an ordinary request right after. */
export async function orClosed(world: World, received: Received, judge: (received: Received) => Verdict) {
  if (received.kind !== 'closed') return judge(received)
  if (await world.control())
    return pass('the connection was closed, and an ordinary request right after had a response')
  return withoutResponse(received)
}

/** The origin that a browser would go to. Undefined: nowhere. */
export function leadsTo(world: World, response: Response): string | undefined {
  const location = headerOf(response, 'location')
  if (location === undefined) return undefined
  const url = URL.parse(location, `${world.origin}/`)
  return url === null ? 'an address that cannot be read' : url.protocol === 'javascript:' ? 'a script' : url.origin
}

/** A redirect that stays on this host, or leads to the issuer. */
export function withinDeployment(world: World, response: Response): Verdict {
  const origin = leadsTo(world, response)
  const detail = `${shown(response)}, redirect to ${origin ?? 'nowhere'}`
  if (origin === undefined || origin === world.origin || world.found.issuerOrigins.has(origin)) return pass(detail)
  return fail(`${shown(response)}, redirect to another origin: ${origin}`)
}

import type { CustomFetch } from 'openid-client'
import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { errorCode } from '../issuer-errors.ts'
import type { IssuerFetch } from '../issuer-fetch.ts'
import type { ClientAuthentication } from './client-authentication.ts'
import { clockAdvice, secondsAhead } from './clock-difference.ts'

interface GatewayFetchDeps {
  /** Whether the proof has a time in it. */
  readonly isSigned: boolean
  readonly authentication: ClientAuthentication
  readonly clock: Clock
  readonly log: Logger
}

/** Least time between two log lines about the same, in milliseconds. */
const QUIET_MS = 60_000

/** Sends the requests of the gateway itself: with its certificate, and with a log line when the issuer does not know it. */
export function gatewayFetch(
  { authentication, isSigned, clock, log }: GatewayFetchDeps,
  fetch: IssuerFetch,
): CustomFetch {
  let loggedAt = Number.NEGATIVE_INFINITY

  async function explain(response: Response): Promise<void> {
    const error = await errorIn(response)
    if (!isAboutTheClient(error, response.status) || clock() - loggedAt < QUIET_MS) return
    loggedAt = clock()
    const ahead = secondsAhead(response.headers.get('date'), clock())
    const advice = [(isSigned && clockAdvice(ahead)) || '', 'Run `modelops-gateway check --online`.'].join(' ').trim()
    const line = { event: 'client-refused', error: errorCode(error), clock_ahead_seconds: ahead, advice }
    log.warn(line, 'the issuer does not accept the authentication of the gateway')
  }

  return async (url, { body, ...options }) => {
    const certificate = await authentication.certificate?.()
    const own = certificate && { clientCertificate: certificate }
    const response = await fetch(url, { ...options, ...own, body: body ?? null })
    if (response.status === 400 || response.status === 401) await explain(response.clone()).catch(() => undefined)
    return response
  }
}

/** `invalid_client` (RFC 6749 §5.2). Keycloak says `unauthorized_client` with 401. */
const isAboutTheClient = (error: string, status: number) =>
  error === 'invalid_client' || (error === 'unauthorized_client' && status === 401)

async function errorIn(response: Response): Promise<string> {
  const { error } = Object(await response.json())
  return typeof error === 'string' ? error : ''
}

import * as client from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import type { Issuer } from './issuer.ts'

/** A token is replaced when it has less than this left, in milliseconds. */
const SPARE_MS = 30_000

export interface ServiceUser {
  /** The issuer, with the client's own credentials. @throws Refusal issuer-down */
  readonly configuration: () => Promise<client.Configuration>
  /** Further parameters of the token request, such as `audience` or `resource`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly clock: Clock
}

/** Access tokens of the service user (RFC 6749 §4.4), asked for when needed and kept while they last. */
export function serviceToken({ configuration, parameters, clock }: ServiceUser): () => Promise<string> {
  let current: { token: string; until: number } | undefined
  let asking: Promise<string> | undefined
  const ask = async () => {
    const answer = await client.clientCredentialsGrant(await configuration(), { ...parameters })
    current = { token: answer.access_token, until: clock() + (answer.expires_in ?? 60) * 1000 - SPARE_MS }
    return answer.access_token
  }
  return () => {
    if (current !== undefined && clock() < current.until) return Promise.resolve(current.token)
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
}

/** The service user that `projects` names: the gateway itself, or a client of its own. */
export function projectsToken(
  { projects }: Pick<Config, 'projects'>,
  issuer: Pick<Issuer, 'configuration'>,
  clock: Clock,
): () => Promise<string> {
  const own = projects.source === 'core' ? projects : undefined
  const configuration = async () => {
    const gateway = await issuer.configuration()
    return own?.clientId === undefined ? gateway : asClient(gateway, own.clientId, own.clientSecret ?? '')
  }
  return serviceToken({ configuration, parameters: own?.tokenParameters ?? {}, clock })
}

/** The issuer as another client of it sees it. */
export function asClient(gateway: client.Configuration, id: string, secret: string): client.Configuration {
  const metadata = gateway.serverMetadata()
  const own = new client.Configuration(metadata, id, undefined, client.ClientSecretBasic(secret))
  own.timeout = gateway.timeout
  // Discovery has already judged whether plain http is acceptable towards this issuer.
  if (metadata.issuer.startsWith('http:')) client.allowInsecureRequests(own)
  return own
}

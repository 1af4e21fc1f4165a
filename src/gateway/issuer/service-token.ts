import * as client from 'openid-client'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { asClient } from './as-client.ts'
import type { Issuer } from './issuer.ts'
import { resourceParameter } from './resource.ts'
import { requireBearer } from './token-type.ts'

/** A token is replaced when it expires within this time, in milliseconds. */
const SPARE_MS = 30_000
/** Lifetime of a token whose response names none, in seconds. */
const ASSUMED_SECONDS = 60

interface ServiceUser {
  /** The issuer, with the client's own credentials. @throws Refusal issuer-down */
  readonly configuration: () => Promise<client.Configuration>
  /** Further parameters of the token request, such as `audience` or `resource`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly clock: Clock
}

/**
 * Access tokens of a service user (RFC 6749 §4.4), requested on demand and reused until shortly before they expire.
 * @returns a function that throws Refusal issuer-down, or the errors of openid-client
 */
function serviceToken({ configuration, parameters, clock }: ServiceUser): () => Promise<string> {
  let current: { token: string; until: number } | undefined
  let running: Promise<string> | undefined
  const request = async () => {
    const response = await client.clientCredentialsGrant(await configuration(), { ...parameters })
    requireBearer(response)
    const seconds = response.expires_in ?? ASSUMED_SECONDS
    current = { token: response.access_token, until: clock() + seconds * 1000 - SPARE_MS }
    return response.access_token
  }
  return () => {
    if (current !== undefined && clock() < current.until) return Promise.resolve(current.token)
    running ??= request().finally(() => {
      running = undefined
    })
    return running
  }
}

/** Tokens of the service user that `projects` names: the gateway itself, or a client of its own. */
export function projectsToken(
  { projects, issuer: { resource } }: Pick<Config, 'projects' | 'issuer'>,
  issuer: Pick<Issuer, 'discovered'>,
  clock: Clock,
): () => Promise<string> {
  const own = projects.source === 'core' ? projects : undefined
  const configuration = async () => {
    const found = await issuer.discovered()
    return own?.clientId === undefined ? found.configuration : asClient(found, own.clientId, own.clientSecret ?? '')
  }
  const parameters = { ...resourceParameter({ resource }), ...own?.tokenParameters }
  return serviceToken({ configuration, parameters, clock })
}

import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { callerKind } from '../../../shared/tokens/caller-kind.ts'
import type { Claims } from '../../../shared/tokens/claims.ts'
import type { Config } from '../../config/schema.ts'
import { authenticationClaims } from '../../issuer/authentication.ts'
import { principalOf } from '../../issuer/claims.ts'
import type { IssuerRequests } from '../../issuer/issuer-requests.ts'
import type { IssuerKeys } from '../../issuer/keys/issuer-keys.ts'
import { metadataKeys } from '../../issuer/keys/metadata-keys.ts'
import type { Principal } from '../../policy/types.ts'

/** An issuer whose access tokens are accepted. */
export interface TrustedIssuer {
  /** Must equal the `iss` claim. */
  readonly url: string
  readonly audiences: readonly string[]
  readonly algorithms: readonly string[]
  /** Values of the `typ` header or claim that mark an access token. Empty: its access tokens have no mark. */
  readonly types: readonly string[]
  /** @throws Refusal issuer-down */
  readonly keys: () => Promise<IssuerKeys>
  /** The principal that verified claims name. @throws Refusal login-failed: no usable `iss` or `sub` */
  readonly principal: (claims: Claims) => Principal
}

export interface TrustedIssuersDeps {
  readonly config: Pick<Config, 'issuer'>
  /** Keys of the issuer at which users sign in. */
  readonly keys: () => Promise<IssuerKeys>
  readonly clock: Clock
  readonly log: Logger
  /** Sends the requests to additional issuers. Absent: nobody counts them. */
  readonly requests?: IssuerRequests | undefined
}

/** The trusted issuers by their `iss`. */
export function trustedIssuers(deps: TrustedIssuersDeps): ReadonlyMap<string, TrustedIssuer> {
  const { issuer } = deps.config
  const all = [ownIssuer(deps), ...issuer.additional.map((one) => additionalIssuer(one, deps))]
  return new Map(all.map((each) => [each.url, each]))
}

function ownIssuer({ config: { issuer }, keys, clock, log }: TrustedIssuersDeps): TrustedIssuer {
  return {
    url: issuer.url,
    audiences: issuer.audiences ?? [issuer.clientId],
    algorithms: issuer.algorithms,
    types: issuer.accessTokenTypes,
    keys,
    principal: (claims) => ({
      ...principalOf(claims, issuer, log),
      ...callerKind(claims),
      authentication: authenticationClaims(claims, clock(), issuer.clockSkewSeconds),
    }),
  }
}

type Additional = Config['issuer']['additional'][number]

function additionalIssuer(
  one: Additional,
  { config: { issuer }, clock, log, requests }: TrustedIssuersDeps,
): TrustedIssuer {
  return {
    url: one.url,
    audiences: one.audiences,
    algorithms: issuer.algorithms,
    types: one.accessTokenTypes,
    keys: metadataKeys(one, issuer.timeoutSeconds, clock, log, requests),
    principal: (claims) => foreignPrincipal(principalOf(ownClaims(claims, one), CLAIM_NAMES, log), one),
  }
}

/** Of an additional issuer only the subject is used, and the groups where the configuration names their claim. */
const CLAIM_NAMES = { groupsClaim: 'groups', projectsClaim: 'project_ids', usernameClaim: 'sub' }

function ownClaims({ iss, sub, ...claims }: Claims, { groupsClaim }: Additional): Claims {
  return { iss, sub, ...(groupsClaim !== undefined && { groups: claims[groupsClaim] }) }
}

/**
 * Upstreams know a subject without its issuer. The prefix keeps an additional issuer from naming a subject of the own
 * issuer; its client IDs have no meaning at the own issuer.
 */
function foreignPrincipal(principal: Principal, { url, groups, principals }: Additional): Principal {
  const subject = `${url}#${principal.subject}`
  const given = Object.hasOwn(groups, principal.subject) ? (groups[principal.subject] ?? []) : []
  return {
    ...principal,
    subject,
    username: subject,
    kind: principals,
    groups: new Set([...principal.groups, ...given]),
  }
}

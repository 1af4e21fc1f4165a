import type { Logger } from 'pino'
import type { Clock } from '../../../shared/clock.ts'
import { callerKind } from '../../../shared/tokens/caller-kind.ts'
import type { Claims } from '../../../shared/tokens/claims.ts'
import { gatewayAudiences, routeAudiences } from '../../config/accepted-audiences.ts'
import type { Config } from '../../config/schema.ts'
import { authenticationClaims } from '../../issuer/authentication.ts'
import { principalOf } from '../../issuer/claims.ts'
import type { IssuerRequests } from '../../issuer/issuer-requests.ts'
import { fileKeys } from '../../issuer/keys/file-keys.ts'
import type { IssuerKeys } from '../../issuer/keys/issuer-keys.ts'
import { metadataKeys } from '../../issuer/keys/metadata-keys.ts'
import type { Principal } from '../../policy/types.ts'
import { type AdditionalIssuer, buildForeignPrincipal } from './foreign-principal.ts'

/** An issuer whose access tokens are accepted. */
export interface TrustedIssuer {
  /** Must equal the `iss` claim. */
  readonly url: string
  readonly audiences: readonly string[]
  /** Audiences that count on single routes. */
  readonly routeAudiences?: readonly string[]
  readonly algorithms: readonly string[]
  /** Values of the `typ` header or claim that mark an access token. Empty: its access tokens have no mark. */
  readonly types: readonly string[]
  /** @throws Refusal issuer-down */
  readonly keys: () => Promise<IssuerKeys>
  /** The principal that verified claims name. @throws Refusal login-failed: no usable `iss` or `sub`; no-rule-matches */
  readonly principal: (claims: Claims) => Principal
}

export interface TrustedIssuersDeps {
  readonly config: Pick<Config, 'issuer' | 'projects' | 'server' | 'routes'>
  /** Keys of the issuer at which users sign in. */
  readonly keys: () => Promise<IssuerKeys>
  readonly clock: Clock
  readonly log: Logger
  /** Sends the requests to additional issuers. Absent: nobody counts them. */
  readonly requests?: IssuerRequests | undefined
}

/** The trusted issuers by their `iss`. @throws ConfigurationError for a file with keys that cannot be read */
export function trustedIssuers(deps: TrustedIssuersDeps): ReadonlyMap<string, TrustedIssuer> {
  const { issuer } = deps.config
  const all = [ownIssuer(deps), ...issuer.additional.map((one) => additionalIssuer(one, deps))]
  return new Map(all.map((each) => [each.url, each]))
}

function ownIssuer({ config, keys, clock, log }: TrustedIssuersDeps): TrustedIssuer {
  const { issuer } = config
  return {
    url: issuer.url,
    audiences: gatewayAudiences(config),
    routeAudiences: routeAudiences(config),
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

function additionalIssuer(
  one: AdditionalIssuer,
  { config: { issuer, projects }, clock, log, requests }: TrustedIssuersDeps,
): TrustedIssuer {
  return {
    url: one.url,
    audiences: one.audiences,
    algorithms: issuer.algorithms,
    types: one.accessTokenTypes,
    keys:
      one.jwksFile === undefined
        ? metadataKeys(one, issuer.timeoutSeconds, clock, log, requests)
        : fileKeys(one.jwksFile, clock, log),
    principal: buildForeignPrincipal(one, projects, log),
  }
}

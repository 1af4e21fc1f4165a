import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import type { Issuer } from '../issuer/issuer.ts'
import type { IssuerRequests } from '../issuer/issuer-requests.ts'
import { resourceParameter } from '../issuer/resource.ts'
import { Attempts } from './attempts.ts'
import type { VerifyAuthorization } from './authenticate.ts'
import { buildVerifySchemes } from './authorization-schemes.ts'
import { buildBasicBridge } from './basic/basic-bridge.ts'
import { buildFetchClientToken } from './basic/client-token.ts'
import { buildVerifyAccessToken } from './bearer/access-token.ts'
import { introspectJwts } from './bearer/introspect-jwts.ts'
import { buildIntrospect } from './bearer/introspection.ts'
import { trustedIssuers } from './bearer/trusted-issuers.ts'
import { buildVerifyBearer } from './bearer/verify-bearer.ts'
import { buildVerifyProof, type VerifyProofDeps } from './proof/verify-proof.ts'
import type { TokenEvents } from './token-events.ts'

export interface VerifyAuthorizationDeps {
  readonly config: Pick<
    Config,
    'issuer' | 'limits' | 'projects' | 'routes' | 'server' | 'session' | 'proofOfPossession'
  >
  readonly issuer: Pick<Issuer, 'keys' | 'configuration' | 'discovered'>
  readonly clock: Clock
  readonly log: Logger
  readonly requests?: IssuerRequests
  readonly events?: TokenEvents
  /** True once per name until the seconds have passed, over all replicas. @throws Refusal store-down */
  readonly claimOnce: VerifyProofDeps['claimOnce']
}

/** Builds the verification of `Authorization` headers from the configuration. */
export function buildVerifyAuthorization(deps: VerifyAuthorizationDeps): VerifyAuthorization {
  const { config, issuer, clock, log, requests, events, claimOnce } = deps
  const { limits } = config
  const configuration = () => issuer.configuration()
  const issuers = trustedIssuers({ config, keys: () => issuer.keys(), clock, log, requests })
  const { clockSkewSeconds, introspection, introspectionSeconds, basicTokenParameters } = config.issuer
  const verifyJwt = buildVerifyAccessToken({ issuers, clockSkewSeconds, clock })
  const introspect = introspection === false ? undefined : buildIntrospect({ config, configuration, clock, log })
  const asksAboutAll = introspection === 'all' && introspect !== undefined
  const verifyBearer = buildVerifyBearer({
    verifyJwt: asksAboutAll ? introspectJwts(verifyJwt, introspect, config.issuer.url) : verifyJwt,
    introspect,
    failures: new Attempts(limits.badTokensPerMinute, clock),
    maxBytes: limits.headerBytes,
    ...{ clock, events },
  })
  const bridgeBasic = buildBasicBridge({
    fetchToken: buildFetchClientToken(() => issuer.discovered(), {
      ...resourceParameter(config.issuer),
      ...basicTokenParameters,
    }),
    verifyBearer,
    ...(asksAboutAll && { reuseSeconds: introspectionSeconds }),
    byAddress: new Attempts(limits.badSecretsPerMinute, clock),
    byClient: new Attempts(limits.badSecretsPerClientPerMinute, clock),
    ...{ clock, events },
  })
  const proof = buildVerifyProof({ config, claimOnce, clock })
  return buildVerifySchemes({ verifyBearer, bridgeBasic, proof, server: config.server })
}

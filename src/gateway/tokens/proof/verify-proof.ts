import type { Clock } from '../../../shared/clock.ts'
import type { Confirmation } from '../../../shared/tokens/confirmation.ts'
import type { Config } from '../../config/schema.ts'
import { buildClientAddress } from '../../http/client-address.ts'
import type { RequestHead } from '../../http/request-head.ts'
import { checkClientCertificate } from './client-certificate.ts'
import { buildDpopNonces } from './dpop-nonces.ts'
import { buildVerifyDpopProof, PROOF_SECONDS } from './dpop-proof.ts'
import { invalidProof, nonceRequired, wrongUse } from './proof-refusals.ts'
import { requestUrl } from './request-url.ts'

/** The request that came with a token. */
export interface ProvedRequest {
  readonly head: Pick<RequestHead, 'method' | 'host' | 'target' | 'rawHeaders' | 'peerAddress'>
  /** Headers for whatever response follows; absent: there is none to add to. */
  readonly responseHeaders?: string[] | undefined
}

/** An access token as it was presented. */
export interface PresentedToken {
  readonly scheme: 'bearer' | 'dpop'
  readonly token: string
  /** Absent: it is bound to no key. */
  readonly confirmation: Confirmation | undefined
  /** Absent: nothing can be proved, as where a token is verified without a request. */
  readonly request: ProvedRequest | undefined
  /** The request was authenticated before, and its proof was verified then: it cannot be used twice. */
  readonly isReauthorization: boolean
}

export interface VerifyProof {
  /** Whether `Authorization: DPoP` is accepted. */
  readonly acceptsDpop: boolean
  /** Whether the way in which a token was presented has to be verified. Synchronous and cheap: most tokens are bearer tokens. */
  concerns(presented: Pick<PresentedToken, 'scheme' | 'confirmation'>): boolean
  /** @throws Refusal token-invalid, proof-invalid, proof-nonce-required, store-down */
  verify(presented: PresentedToken): Promise<void>
}

export interface VerifyProofDeps {
  readonly config: Pick<Config, 'issuer' | 'server' | 'session' | 'proofOfPossession'>
  /** True once per name until the seconds have passed, over all replicas. @throws Refusal store-down */
  readonly claimOnce: (name: string, ttlSeconds: number) => Promise<boolean>
  readonly clock: Clock
}

/** Verifies that whoever presents a token may use it: bound tokens need the proof that they were issued for. */
export function buildVerifyProof({ config, claimOnce, clock }: VerifyProofDeps): VerifyProof {
  const { dpop, dpopNonce, clientCertificates } = config.proofOfPossession
  const { clockSkewSeconds } = config.issuer
  const [acceptsDpop, requiresDpop] = [dpop !== 'off', dpop === 'require']
  const scheme = new URL(config.server.publicUrl).protocol.slice(0, -1)
  const { isTrusted } = buildClientAddress(config.server.trustedProxies)
  const nonces = dpopNonce ? buildDpopNonces(config.session.secrets, clock) : undefined
  const verifyDpopProof = buildVerifyDpopProof(clockSkewSeconds, clock)

  async function verifyDpop(jkt: string, token: string, { head, responseHeaders }: ProvedRequest): Promise<void> {
    const { method } = head
    const use = { jkt, token, method, url: requestUrl(scheme, head) }
    const { jti, iat, nonce } = await verifyDpopProof(onlyProof(head), use)
    if (nonces !== undefined) {
      if (nonce === undefined || !nonces.isValid(nonce)) throw nonceRequired(nonces.current())
      if (nonce !== nonces.current()) responseHeaders?.push('DPoP-Nonce', nonces.current())
    }
    // Until the last replica refuses the proof for its age, by a clock that differs as much as is tolerated.
    const rememberedSeconds = Math.ceil(iat - clock() / 1000) + PROOF_SECONDS + 2 * clockSkewSeconds + 1
    if (!(await claimOnce(`dpop:${jkt}:${jti}`, rememberedSeconds)))
      throw invalidProof(
        'jti: used before',
        'It was used before. Create a new proof for each request, also to repeat one.',
      )
  }

  /** @throws Refusal token-invalid */
  function checkScheme({ scheme, confirmation }: PresentedToken): void {
    const isBound = confirmation?.jkt !== undefined
    if (isBound && !acceptsDpop)
      throw wrongUse('cnf: DPoP is off', 'It is bound to a key (DPoP), which this gateway does not accept.', 'Bearer')
    if (isBound && scheme === 'bearer')
      throw wrongUse(
        'a DPoP-bound token as a bearer token',
        'It is bound to a key. Send it in `Authorization: DPoP`, with a DPoP proof.',
        'DPoP',
      )
    if (!isBound && (scheme === 'dpop' || requiresDpop))
      throw wrongUse('no cnf.jkt', 'It is not bound to a key. Request a DPoP-bound access token.', 'DPoP')
  }

  return {
    acceptsDpop,
    concerns: (presented) => presented.confirmation !== undefined || presented.scheme === 'dpop' || requiresDpop,
    async verify(presented) {
      checkScheme(presented)
      const { confirmation, token, request, isReauthorization } = presented
      if (confirmation === undefined || isReauthorization) return
      if (request === undefined)
        throw wrongUse('cnf: no request', 'It is bound to a key, and cannot be verified without a request.', 'Bearer')
      const { jkt, certificate } = confirmation
      if (certificate !== undefined) {
        if (!clientCertificates)
          throw wrongUse(
            'cnf: proofOfPossession.clientCertificates is off',
            'It is bound to a client certificate, which this gateway does not accept.',
            'Bearer',
          )
        checkClientCertificate(request.head, certificate, isTrusted)
      }
      if (jkt !== undefined) await verifyDpop(jkt, token, request)
    },
  }
}

/** The proof of a request. @throws Refusal proof-invalid unless there is exactly one */
function onlyProof({ rawHeaders }: Pick<RequestHead, 'rawHeaders'>): string {
  const proofs = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'dpop')
  const [proof] = proofs
  if (proof === undefined)
    throw invalidProof('none', 'The request has no DPoP header. Send one proof with each request.')
  if (proofs.length > 1) throw invalidProof('several', 'The request has several DPoP headers. Send one.')
  return proof
}

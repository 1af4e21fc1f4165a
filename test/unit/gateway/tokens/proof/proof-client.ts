import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { ProvedRequest } from '../../../../../src/gateway/tokens/proof/verify-proof.ts'

/** A client with a DPoP key. */
export interface ProofClient {
  readonly jwk: JWK
  readonly privateJwk: JWK
  readonly jkt: string
  /** A proof of the use of a token; undefined among the changes removes a claim. */
  prove(token: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

export async function proofClient(alg = 'ES256'): Promise<ProofClient> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    jwk,
    privateJwk: await exportJWK(privateKey),
    jkt: await calculateJwkThumbprint(jwk),
    prove: (token, claims, header) =>
      new SignJWT(proofClaims(token, claims))
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header } as { alg: string })
        .sign(privateKey),
  }
}

const hash = (token: string) => createHash('sha256').update(token).digest('base64url')

const proofClaims = (token: string, claims: Record<string, unknown> = {}) => {
  const iat = Math.floor(Date.now() / 1000)
  return { jti: randomUUID(), htm: 'GET', htu: 'https://o.example/mlflow/', iat, ath: hash(token), ...claims }
}

/** `GET https://o.example/mlflow/` with these proofs, one header each. */
export const requestWith = (proofs: string | readonly string[], head: Partial<ProvedRequest['head']> = {}) => ({
  head: {
    method: 'GET',
    host: 'o.example',
    target: '/mlflow/',
    peerAddress: '192.0.2.1',
    rawHeaders: [proofs].flat().flatMap((proof) => ['DPoP', proof]),
    ...head,
  },
  responseHeaders: [] as string[],
})

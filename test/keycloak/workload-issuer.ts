import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'

/** Signs tokens of workloads in the shape of Kubernetes and of SPIFFE, and publishes its keys as both do. */
export interface WorkloadIssuer {
  readonly url: string
  /** A projected service-account token. */
  serviceAccountToken(subject: string, audience: string, seconds?: number): Promise<string>
  /** A JWT-SVID: no `iss`, no `jti` (SPIFFE JWT-SVID §3). */
  svid(subject: string, audience: string): Promise<string>
  close(): Promise<void>
}

export async function startWorkloadIssuer(): Promise<WorkloadIssuer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { kty, n, e } = await exportJWK(privateKey)
  const key = { ...{ kty, n, e }, kid: 'workload-key', alg: 'RS256' }
  const server = createServer((request, response) => {
    const url = `http://${request.headers.host}`
    const pages: Record<string, object> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/openid/v1/jwks` },
      '/openid/v1/jwks': { keys: [{ ...key, use: 'sig' }] },
      '/bundle': { keys: [{ ...key, alg: undefined, use: 'jwt-svid' }], spiffe_sequence: 1, spiffe_refresh_hint: 300 },
    }
    const page = pages[request.url ?? '']
    response.writeHead(page ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(page ?? {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const sign = (claims: Record<string, unknown>, subject: string, audience: string, seconds: number) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: key.kid })
      .setSubject(subject)
      .setAudience([audience])
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey)
  return {
    url,
    serviceAccountToken(subject, audience, seconds = 3600) {
      const [, , namespace, name] = subject.split(':')
      const pod = { namespace, serviceaccount: { name, uid: crypto.randomUUID() } }
      return sign({ iss: url, jti: crypto.randomUUID(), 'kubernetes.io': pod }, subject, audience, seconds)
    },
    svid: (subject, audience) => sign({}, subject, audience, 300),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

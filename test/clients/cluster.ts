import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** The issuer of a Kubernetes cluster: its discovery document, its keys, and tokens of service accounts. */
export interface Cluster {
  readonly url: string
  /** @param audience Of the projected token, as its volume requests it. */
  tokenOf(namespace: string, serviceAccount: string, audience: string): Promise<string>
  close(): Promise<void>
}

export async function startCluster(): Promise<Cluster> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const kid = 'q9ZtT0mvUy0kbqGvP0mYkYl8ezZ6wMTxFpNCnLlDdIk'
  const keys = { keys: [{ use: 'sig', alg: 'RS256', kid, ...(await exportJWK(publicKey)) }] }
  const server = createServer((request, response) => {
    const json = request.url === '/openid/v1/jwks' ? keys : metadata()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const metadata = () => ({
    issuer: url,
    jwks_uri: `${url}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
  return {
    url,
    // The claims are those of a bound token of Kubernetes 1.30 and later; it has no `typ`, no `client_id` and no scope.
    tokenOf: (namespace, name, audience) =>
      new SignJWT({
        'kubernetes.io': {
          namespace,
          node: { name: 'worker-1', uid: crypto.randomUUID() },
          pod: { name: `${name}-7d9c5b6f4-x2x9k`, uid: crypto.randomUUID() },
          serviceaccount: { name, uid: crypto.randomUUID() },
          warnafter: Math.floor(Date.now() / 1000) + 3607,
        },
      })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(url)
        .setAudience([audience])
        .setSubject(`system:serviceaccount:${namespace}:${name}`)
        .setIssuedAt()
        .setNotBefore(Math.floor(Date.now() / 1000))
        .setJti(crypto.randomUUID())
        .setExpirationTime('1h')
        .sign(privateKey),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

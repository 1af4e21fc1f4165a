import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** An issuer that publishes its keys and hands out access tokens: all that a client outside the browser needs. */
export interface TokenIssuer {
  readonly url: string
  tokenFor(username: string, groups: readonly string[]): Promise<string>
  close(): Promise<void>
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] }
  const server = createServer((request, response) => {
    const answer = request.url === '/keys' ? keys : metadata()
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const metadata = () => ({
    issuer: url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
  })
  return {
    url,
    tokenFor: (username, groups) =>
      new SignJWT({ preferred_username: username, groups, client_id: 'cli', scope: 'openid' })
        .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
        .setIssuer(url)
        .setAudience('gateway')
        .setSubject(`subject-of-${username}`)
        .setIssuedAt()
        .setJti(crypto.randomUUID())
        .setExpirationTime('1h')
        .sign(privateKey),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

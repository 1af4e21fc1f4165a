import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { makeCertificate } from '../certificate.ts'

/** The embedded issuer behind TLS, for clients that accept no other issuer. */
export interface HttpsIssuer {
  readonly url: string
  /** File with its certificate, PEM. */
  readonly certificate: string
  /** The same address at the issuer itself, for a browser that does not know the certificate. */
  plain(address: string): string
  close(): Promise<void>
}

/** Its metadata names its own addresses; everything else passes as it is, so the tokens are those of the issuer. */
export async function startHttpsIssuer(issuer: string, certificate: string): Promise<HttpsIssuer> {
  const pair = makeCertificate('127.0.0.1')
  writeFileSync(certificate, pair.cert)
  const server = createServer(pair, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { authorization, 'content-type': type } = request.headers
    const answer = await fetch(issuer + request.url, {
      method: request.method ?? 'GET',
      headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    const text = await answer.text()
    const isMetadata = request.url?.startsWith('/.well-known/') ?? false
    response
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
      .end(isMetadata ? text.replaceAll(issuer, url) : text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    certificate,
    plain: (address) => address.replace(url, issuer),
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

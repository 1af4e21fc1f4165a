import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StubIssuer {
  url: string
  /** Refresh tokens that were presented, in order. */
  refreshed: string[]
  close(): Promise<void>
}

/** An issuer reduced to discovery and refresh, whose answers a test chooses. */
export async function startStubIssuer(
  answer: (refreshToken: string) => { status: number; body: Record<string, unknown> },
): Promise<StubIssuer> {
  const refreshed: string[] = []
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') {
      response.end(JSON.stringify({ issuer: url, token_endpoint: `${url}/token` }))
      return
    }
    let form = ''
    for await (const chunk of request) form += chunk
    const refreshToken = new URLSearchParams(form).get('refresh_token') ?? ''
    refreshed.push(refreshToken)
    const { status, body } = answer(refreshToken)
    response.writeHead(status).end(JSON.stringify(body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>((closed) => server.close(() => closed()))
  }
  return { url, refreshed, close }
}

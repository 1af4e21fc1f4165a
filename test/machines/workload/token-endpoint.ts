import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a job of GitHub Actions asks for its tokens. */
export interface TokenEndpoint {
  /** Variables of a job with `permissions: id-token: write`. */
  readonly env: Readonly<Record<string, string>>
  /** Audiences of the tokens that were given out. */
  readonly audiences: string[]
  close(): Promise<void>
}

const SECRET = 'token-of-the-runner'

/** A stand-in of GitHub's endpoint: a bearer token of the runner in, `{"value": "<JWT>"}` out. */
export async function startTokenEndpoint(sign: (audience: string) => Promise<string>): Promise<TokenEndpoint> {
  const audiences: string[] = []
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const audience = searchParams.get('audience')
    const isRight =
      request.method === 'GET' &&
      pathname === '/idtoken/job' &&
      searchParams.get('api-version') === '2.0' &&
      request.headers.authorization === `Bearer ${SECRET}`
    if (!isRight || audience === null) return void response.writeHead(400).end()
    audiences.push(audience)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ count: 1, value: await sign(audience) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    audiences,
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/idtoken/job?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: SECRET,
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

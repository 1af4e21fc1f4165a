import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oidc from 'openid-client'
import { messageOf } from '../../shared/message-of.ts'
import { CliError } from '../cli-error.ts'

type TokenResponse = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>

const TIMEOUT_MS = 5 * 60_000

/**
 * Signs in with the browser of this machine: authorization code flow with PKCE. The response arrives at a loopback port of
 * this program.
 * @param open Shows the URL to the user, or opens it.
 * @throws CliError
 * @see RFC 8252 §7.3, RFC 7636
 */
export async function browserFlow(
  config: oidc.Configuration,
  scope: string,
  open: (url: string) => void,
  timeoutMs = TIMEOUT_MS,
): Promise<TokenResponse> {
  const verifier = oidc.randomPKCECodeVerifier()
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  }
  const { promise, resolve, reject } = Promise.withResolvers<TokenResponse>()
  const server = createServer((request, response) => {
    receive(config, checks, request, response).then(
      (tokens) => tokens !== undefined && resolve(tokens),
      (error) => reject(error),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const timer = setTimeout(
    () => reject(new CliError('The sign-in timed out after five minutes. Run the command again.')),
    timeoutMs,
  )
  try {
    const { port } = server.address() as AddressInfo
    const url = oidc.buildAuthorizationUrl(config, {
      scope,
      redirect_uri: `http://127.0.0.1:${port}/callback`,
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    open(url.href)
    return await promise
  } finally {
    clearTimeout(timer)
    server.close()
    server.closeIdleConnections()
  }
}

/** A request with another state is ignored, so that another page cannot end the sign-in by guessing the port. */
async function receive(
  config: oidc.Configuration,
  checks: oidc.AuthorizationCodeGrantChecks,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<TokenResponse | undefined> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`)
  if (url.pathname !== '/callback' || url.searchParams.get('state') !== checks.expectedState) {
    respond(response, 404, 'This is not the sign-in that the terminal expects.')
    return undefined
  }
  try {
    const tokens = await oidc.authorizationCodeGrant(config, url, checks)
    respond(response, 200, 'You are signed in. Close this window and return to the terminal.')
    return tokens
  } catch (error) {
    respond(response, 400, 'The sign-in failed. See the terminal for the reason.')
    throw new CliError(`The sign-in failed: ${messageOf(error)}`, { cause: error })
  }
}

function respond(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    connection: 'close',
  })
  response.end(text)
}

const OPENERS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Opens the URL on the desktop, if there is one. The URL is printed as well. */
export function openBrowser(url: string): void {
  const [command, ...given] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...given, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

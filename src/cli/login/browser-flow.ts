import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oidc from 'openid-client'
import { messageOf } from '../../shared/message-of.ts'
import { CliError } from '../cli-error.ts'

type TokenAnswer = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>

const PATIENCE_MS = 5 * 60_000

/**
 * Signs in with the browser of this machine: code flow with PKCE, the answer comes to a port of this program that only
 * this machine reaches.
 * @param open Shows the address to the person, or opens it.
 * @throws CliError
 * @see RFC 8252 §7.3, RFC 7636
 */
export async function browserFlow(
  config: oidc.Configuration,
  scope: string,
  open: (url: string) => void,
  patienceMs = PATIENCE_MS,
): Promise<TokenAnswer> {
  const verifier = oidc.randomPKCECodeVerifier()
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  }
  const { promise, resolve, reject } = Promise.withResolvers<TokenAnswer>()
  const server = createServer((request, response) => {
    receive(config, checks, request, response).then(
      (answer) => answer !== undefined && resolve(answer),
      (error) => reject(error),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const late = setTimeout(() => reject(new CliError('Nobody signed in within five minutes.')), patienceMs)
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
    clearTimeout(late)
    server.close()
    server.closeIdleConnections()
  }
}

/** A request with another state is answered and forgotten: a page elsewhere cannot end the sign-in by guessing the port. */
async function receive(
  config: oidc.Configuration,
  checks: oidc.AuthorizationCodeGrantChecks,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<TokenAnswer | undefined> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`)
  if (url.pathname !== '/callback' || url.searchParams.get('state') !== checks.expectedState) {
    answer(response, 404, 'This is not the sign-in that the terminal waits for.')
    return undefined
  }
  try {
    const tokens = await oidc.authorizationCodeGrant(config, url, checks)
    answer(response, 200, 'You are signed in. Close this window and go back to the terminal.')
    return tokens
  } catch (error) {
    answer(response, 400, 'The sign-in failed. The terminal says why.')
    throw new CliError(`The sign-in failed: ${messageOf(error)}`, { cause: error })
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
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

/** Asks the desktop to open the address. The person sees it printed as well, so a machine without one loses nothing. */
export function openBrowser(url: string): void {
  const [command, ...given] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...given, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

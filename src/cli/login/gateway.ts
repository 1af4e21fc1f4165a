import * as oidc from 'openid-client'
import { type ClientConfig, clientConfigSchema } from '../../gateway/signin/client-config.ts'
import { messageOf } from '../../shared/message-of.ts'
import { CliError } from '../cli-error.ts'

const TIMEOUT_SECONDS = 15
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Plain http outside loopback exposes tokens to the network; `MODELOPS_INSECURE_HTTP=1` is for closed test networks. */
const mayBePlain = (url: URL): boolean => LOOPBACK.test(url.hostname) || process.env.MODELOPS_INSECURE_HTTP === '1'

/**
 * The origin of the URL that the user gave.
 * @throws CliError
 */
export function gatewayOrigin(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw new CliError(`--gateway: expected a URL such as https://o.example, got "${text}"`)
  }
  refusePlainHttp(url, '--gateway')
  return url.origin
}

function refusePlainHttp(url: URL, field: string): void {
  if (url.protocol === 'https:' || mayBePlain(url)) return
  throw new CliError(`${field}: expected https, got ${url.origin}; tokens would be sent unencrypted`)
}

/** @throws CliError if the gateway cannot be reached or does not describe itself. */
export async function loadClientConfig(gateway: string): Promise<ClientConfig> {
  const url = `${gateway}/auth/client-config`
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000) }).catch(
    (error: unknown) => {
      throw new CliError(`${gateway} cannot be reached`, { cause: error })
    },
  )
  const body: unknown = await response.json().catch(() => undefined)
  const parsed = clientConfigSchema.safeParse(body)
  if (response.ok && parsed.success) return parsed.data
  throw new CliError(`${url}: expected the description of a gateway, got status ${response.status}`)
}

/**
 * The issuer as openid-client knows it, for a public client.
 * @throws CliError
 */
export async function discover(issuer: string, clientId: string): Promise<oidc.Configuration> {
  const url = new URL(issuer)
  refusePlainHttp(url, 'issuer')
  const execute = url.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
  try {
    return await oidc.discovery(url, clientId, undefined, oidc.None(), { execute, timeout: TIMEOUT_SECONDS })
  } catch (error) {
    throw new CliError(`issuer ${issuer}: no metadata (${messageOf(error)})`, { cause: error })
  }
}

import * as oidc from 'openid-client'
import { browserFlow } from '../../src/cli/login/browser-flow.ts'

/**
 * An access token of the command line.
 * @param open Opens an address in a browser that is signed in at the issuer.
 */
export async function accessTokenOf(issuerUrl: string, open: (url: string) => Promise<unknown>): Promise<string> {
  const config = await oidc.discovery(new URL(issuerUrl), 'modelops-cli', undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  })
  const openAndIgnore = (url: string) => void open(url).catch(() => {}) // the loopback server closes the connection
  return (await browserFlow(config, 'openid profile email', openAndIgnore, 60_000)).access_token
}

/** Names of the projects in a response of `/auth/session`; undefined: there is no session. */
export function projectNames(status: number, text: string): string[] | undefined {
  if (status === 401) return undefined
  return (JSON.parse(text) as { projects: { name: string }[] }).projects.map(({ name }) => name).sort()
}

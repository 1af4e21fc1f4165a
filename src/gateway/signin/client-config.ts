import * as z from 'zod'
import { routeUrl } from '../config/route-url.ts'
import type { Config } from '../config/schema.ts'

/**
 * What a client outside the browser needs to know, published at `/auth/client-config` to anybody: names and addresses,
 * no secret. The command line and the Python package read it, so members may be added but never renamed.
 */
export const clientConfigSchema = z.object({
  /** Issuer identifier; discovery starts there. */
  issuer: z.url(),
  /** Public client for people at a terminal; absent where the gateway offers none. */
  client_id: z.string().min(1).optional(),
  /** Scopes to ask for at a terminal. */
  scopes: z.array(z.string()),
  /** Audience that an access token must name. */
  audience: z.string(),
  routes: z.array(z.object({ name: z.string(), app: z.string(), url: z.url() })),
})

export type ClientConfig = z.output<typeof clientConfigSchema>

export function clientConfig(config: Pick<Config, 'issuer' | 'server' | 'routes'>): ClientConfig {
  const { issuer, server, routes } = config
  return {
    issuer: issuer.url,
    ...(issuer.cliClientId === undefined ? {} : { client_id: issuer.cliClientId }),
    scopes: issuer.cliScopes,
    audience: issuer.audiences?.[0] ?? issuer.clientId,
    routes: routes.map((route) => ({ name: route.name, app: route.app, url: routeUrl(server, route) })),
  }
}

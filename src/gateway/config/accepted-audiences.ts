import { routeUrl } from './route-url.ts'
import type { Config } from './schema.ts'

/** Audiences of tokens for the whole gateway. Clients write the URL of an origin with and without its slash. */
export function gatewayAudiences({ issuer, server }: Pick<Config, 'issuer' | 'server'>): string[] {
  const { audiences = [issuer.clientId], resource } = issuer
  const url = issuer.routeAudiences ? [server.publicUrl, `${server.publicUrl}/`] : []
  return [...new Set([...audiences, ...(resource === undefined ? [] : [resource]), ...url])]
}

/** Audiences of tokens for single routes: their URLs. None, unless the configuration accepts them. */
export const routeAudiences = ({ issuer, server, routes }: Pick<Config, 'issuer' | 'server' | 'routes'>): string[] =>
  issuer.routeAudiences ? routes.map((route) => routeUrl(server, route)) : []

/** All audiences of tokens that the gateway accepts from the issuer at which users sign in, somewhere. */
export const acceptedAudiences = (config: Pick<Config, 'issuer' | 'server' | 'routes'>): string[] => [
  ...gatewayAudiences(config),
  ...routeAudiences(config),
]

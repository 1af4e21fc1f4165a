import type { Config } from './schema.ts'

/** Whether the gateway's cookies have the `Secure` attribute: as configured, else when the public URL is https. */
export const usesSecureCookies = ({ cookie, server }: Pick<Config, 'cookie' | 'server'>): boolean =>
  cookie.secure ?? server.publicUrl.startsWith('https:')

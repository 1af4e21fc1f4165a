import { isIP } from 'node:net'

/** A host as `net`, `tls` and `dns` take it: an IPv6 address without the brackets of a URL. */
export const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '')

/** Whether a host, as a URL writes it, is an IP address: certificates are not asked for by one (RFC 6066 §3). */
export const isIpAddress = (host: string): boolean => isIP(bareHost(host)) !== 0

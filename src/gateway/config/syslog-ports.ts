/** Default ports of syslog servers, by the scheme of their address (RFC 5425 §4.1, RFC 6587 §3.1). */
export const SYSLOG_PORTS = { 'tls:': 6514, 'tcp:': 601 } as const

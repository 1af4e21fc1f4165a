/** Whether plain http to this host name stays on the machine (RFC 6761 §6.3): the one place where it is taken without asking. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)

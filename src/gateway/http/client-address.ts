import ipaddr from 'ipaddr.js'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Reads the client's address: the peer, or what trusted proxies say of it. */
export type ClientAddress = (peer: string | undefined, forwardedFor: string | undefined) => string

/**
 * `X-Forwarded-For` counts only as far as a chain of trusted proxies reaches, read from the right: the first address
 * that is not a trusted proxy is the client. Everything left of it is the client's own invention.
 */
export function buildClientAddress(trustedProxies: readonly string[]): {
  address: ClientAddress
  isTrusted: (peer: string | undefined) => boolean
} {
  const ranges: Range[] = trustedProxies.map((range) => ipaddr.parseCIDR(range) as Range)

  const isTrusted = (text: string | undefined): boolean => {
    if (text === undefined || ranges.length === 0 || !ipaddr.isValid(text)) return false
    const address = ipaddr.process(text)
    return ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range as never, bits))
  }
  const address: ClientAddress = (peer, forwardedFor) => {
    const direct = peer === undefined ? 'unknown' : peer.startsWith('::ffff:') ? peer.slice(7) : peer
    if (forwardedFor === undefined || !isTrusted(peer)) return direct
    const hops = forwardedFor.split(',').map((hop) => hop.trim())
    let client = direct
    for (let i = hops.length - 1; i >= 0; i -= 1) {
      const hop = hops[i] as string
      if (!ipaddr.isValid(hop)) return client
      client = hop
      if (!isTrusted(hop)) return client
    }
    return client
  }
  return { address, isTrusted }
}

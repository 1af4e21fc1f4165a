import type { Socket } from 'node:net'

/** How long a peer may take to close its side after ours has ended, ms. */
const LINGER_MS = 2000

/**
 * Ends our side of a connection that no server looks after any more. What the peer still sends is read and discarded,
 * so that it can receive the last bytes (RFC 9112 §9.6); a peer that does not close is cut off, and its descriptor with
 * it.
 */
export function endAndLinger(socket: Socket): void {
  socket.end()
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

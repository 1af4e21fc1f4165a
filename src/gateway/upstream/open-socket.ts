import { connect as connectTcp, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { bareHost, isIpAddress } from '../../shared/host.ts'

/**
 * Opens a connection, with TLS for an https origin.
 * @param onread Gets the bytes in memory of the reader's own instead of as `data` events.
 * @param onConnect Called once the connection can carry a request: with TLS, after its handshake.
 */
export function openSocket({ protocol, hostname, port }: URL, onread: OnReadOpts, onConnect: () => void): Socket {
  const host = bareHost(hostname)
  const secure = protocol === 'https:'
  const socket = secure
    ? // `onread` is passed on to the socket (Node's documentation of tls.connect), but missing in its types.
      connectTls({
        host,
        port: Number(port || 443),
        ...(isIpAddress(host) ? {} : { servername: host }),
        ALPNProtocols: ['http/1.1'],
        onread,
      } as object)
    : connectTcp({ host, port: Number(port || 80), onread })
  socket.setNoDelay(true)
  socket.once(secure ? 'secureConnect' : 'connect', onConnect)
  return socket
}

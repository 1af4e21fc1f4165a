import { Duplex } from 'node:stream'

/** A connection without a network: the other side sends `bytes`, then ends. What is written to it is dropped. */
export function inMemorySocket(bytes: Buffer): Duplex {
  const socket = new Duplex({
    read() {},
    write: (_chunk, _encoding, done) => done(),
  })
  Object.assign(socket, {
    remoteAddress: '127.0.0.1',
    setTimeout: () => socket,
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
  })
  socket.push(bytes)
  socket.push(null)
  return socket
}

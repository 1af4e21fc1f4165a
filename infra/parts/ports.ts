import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Below the range from which systems take the ports of outgoing connections, so that none of them takes a port meanwhile. */
const [FIRST, LAST] = [20_000, 32_000]
const UDP_BELOW = 12_000
/** They keep what this process was given from being given to another one. */
const reservations: Socket[] = []

/** A loopback port on which nothing listens at this moment, and which no other process is given while this one runs. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = randomInt(FIRST, LAST)
    if ((await reservePort(port)) && (await isPortFree(port))) return port
  }
  throw new Error(`no free port from ${FIRST} to ${LAST}`)
}

/**
 * Reserves a TCP port for this process: something listens on it only some time after it was given, and not during a restart.
 * The UDP port that stands for it is another number, because a server with HTTP/3 listens on both of the same number.
 * @returns false if it is reserved already
 */
export async function reservePort(port: number): Promise<boolean> {
  const socket = createSocket('udp4').unref()
  try {
    await once(socket.bind({ port: port - UDP_BELOW, address: '127.0.0.1', exclusive: true }), 'listening')
  } catch {
    socket.close()
    return false
  }
  reservations.push(socket)
  return true
}

/** Whether a loopback port is free. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Whether something accepts connections on a loopback port. Unlike `isPortFree`, this never takes the port itself. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Below the range from which systems take the ports of outgoing connections, so that none of them takes a port meanwhile. */
const [FIRST, LAST] = [20_000, 32_000]
/** Ports that this process has tried: each is given once, although nothing may listen on it yet. */
const given = new Set<number>()

/** A loopback port on which nothing listens at this moment. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = randomInt(FIRST, LAST)
    if (given.has(port)) continue
    given.add(port)
    if (await isPortFree(port)) return port
  }
  throw new Error(`no free port from ${FIRST} to ${LAST}`)
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

import type { Server } from 'node:http'
import { messageOf } from './message-of.ts'
import { StartError } from './start-error.ts'

/**
 * @param address Host and port, e.g. `127.0.0.1:4180` or `[::1]:4180`
 * @param key Of the configuration, for the error
 * @throws StartError
 */
export function listen(server: Server, address: string, key: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(key, address, error))
    server.once('error', fail)
    server.listen(Number(address.slice(colon + 1)), host, () => {
      server.off('error', fail)
      resolve()
    })
  })
}

const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use. Stop the process that uses it, or choose another port.',
  EACCES: 'is not allowed for this user. Choose a port from 1024 up, or allow the process to use lower ones.',
  EADDRNOTAVAIL: 'is not an address of this machine. Use one of its addresses, or 0.0.0.0 for all of them.',
  ENOTFOUND: 'has a host name that cannot be resolved. Use an address of this machine.',
}

function listenError(key: string, address: string, error: NodeJS.ErrnoException): StartError {
  const failure = FAILURES[error.code ?? ''] ?? `cannot be used (${error.code ?? messageOf(error)}).`
  return new StartError(`${key}: ${address} ${failure}`, { cause: error })
}

import { messageOf } from '../../shared/message-of.ts'
import type { StoreDown } from '../sessions/stores/backend.ts'

/** The gateway cannot start. The message is one sentence about what, and one about what to do. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
  }
}

const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use. Stop the process that uses it, or choose another port.',
  EACCES: 'is not allowed for this user. Choose a port from 1024 up, or allow the process to use lower ones.',
  EADDRNOTAVAIL: 'is not an address of this machine. Use one of its addresses, or 0.0.0.0 for all of them.',
  ENOTFOUND: 'has a host name that cannot be resolved. Use an address of this machine.',
}

/** @param key Of the configuration, e.g. `server.listen` */
export function listenError(key: string, address: string, error: NodeJS.ErrnoException): StartError {
  const failure = LISTEN_FAILURES[error.code ?? ''] ?? `cannot be used (${error.code ?? messageOf(error)}).`
  return new StartError(`${key}: ${address} ${failure}`, { cause: error })
}

export function storeError(error: StoreDown): StartError {
  const hint = 'Check session.store, and the permissions of its folder.'
  return new StartError(`session.store: the session store cannot be opened (${error.message}). ${hint}`, {
    cause: error,
  })
}

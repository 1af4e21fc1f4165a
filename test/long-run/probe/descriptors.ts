import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Ports whose connections have a name. */
export interface KnownPorts {
  /** Listeners of the process itself. */
  readonly own: Readonly<Record<number, string>>
  /** What it connects to. */
  readonly remote: Readonly<Record<number, string>>
}

export interface Descriptors {
  /** All open ones. */
  readonly count: number
  /** By what they are: `client socket`, `upstream socket`, `pipe`, `/dev/null`, and so on. */
  readonly kinds: Readonly<Record<string, number>>
  /** TCP sockets by state: ESTABLISHED, CLOSE_WAIT, and so on. */
  readonly states: Readonly<Record<string, number>>
}

/** @see linux/include/net/tcp_states.h */
const STATES: Record<string, string> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '03': 'SYN_RECV',
  '04': 'FIN_WAIT1',
  '05': 'FIN_WAIT2',
  '06': 'TIME_WAIT',
  '07': 'CLOSE',
  '08': 'CLOSE_WAIT',
  '09': 'LAST_ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
}

interface TcpSocket {
  readonly local: number
  readonly remote: number
  readonly state: string
}

/** Every open descriptor of a process, by what it is, as Linux tells it. */
export function descriptorsOf(pid: number, ports: KnownPorts): Descriptors {
  const sockets = tcpSockets(
    readFileSync(`/proc/${pid}/net/tcp`, 'utf8') + readFileSync(`/proc/${pid}/net/tcp6`, 'utf8'),
  )
  const kinds: Record<string, number> = {}
  const states: Record<string, number> = {}
  let count = 0
  for (const target of targetsOf(pid)) {
    count += 1
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    const socket = inode === undefined ? undefined : sockets.get(inode)
    if (socket !== undefined) states[socket.state] = (states[socket.state] ?? 0) + 1
    const kind = inode === undefined ? target.replace(/:\[\d+\]$/, '') : kindOf(socket, ports)
    kinds[kind] = (kinds[kind] ?? 0) + 1
  }
  return { count, kinds, states }
}

function* targetsOf(pid: number): Generator<string> {
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    try {
      yield readlinkSync(`/proc/${pid}/fd/${descriptor}`)
    } catch {
      // It was closed since the directory was read.
    }
  }
}

function kindOf(socket: TcpSocket | undefined, { own, remote }: KnownPorts): string {
  if (socket === undefined) return 'local socket'
  const listener = own[socket.local]
  if (listener !== undefined) return socket.state === 'LISTEN' ? `${listener} listener` : `${listener} socket`
  return `${remote[socket.remote] ?? 'unknown'} socket`
}

/** @param table the lines of /proc/net/tcp and /proc/net/tcp6 */
export function tcpSockets(table: string): Map<string, TcpSocket> {
  const sockets = new Map<string, TcpSocket>()
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', state = '', , , , , , inode] = line.trim().split(/\s+/)
    if (inode === undefined || !/^\d+$/.test(inode)) continue
    sockets.set(inode, { local: portOf(local), remote: portOf(remote), state: STATES[state] ?? state })
  }
  return sockets
}

const portOf = (address: string) => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16)

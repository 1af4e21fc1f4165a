import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './ports.ts'
import { type RedisServer, type RedisServerOptions, startRedis } from './redis.ts'
import { run } from './run.ts'

export interface RedisGroup {
  readonly servers: readonly RedisServer[]
  /** For `session.store`. */
  readonly address: string
  close(): Promise<void>
}

/** A group that survives the loss of its master. */
export interface FailoverGroup extends RedisGroup {
  /** Port of the current master with the sessions. */
  masterPort(): Promise<number>
  /**
   * Waits until another server than this one is the master. Sentinels whose timers were late do nothing for 30 s (TILT).
   * @throws Error with the ends of the servers' logs after 60 s
   */
  failedOver(from: number): Promise<void>
}

const MASTER = 'sessions'
/** `CLUSTER KEYSLOT {modelops-gateway}:` */
const SESSION_SLOT = 6397

/** A master, a replica and three sentinels that fail over after one second without a reply. */
export async function startSentinelGroup(): Promise<FailoverGroup> {
  const servers: RedisServer[] = [await startRedis()]
  const master = servers[0]?.port ?? 0
  const ask = async (port: number, ...question: string[]) =>
    (await run('redis-cli', ['-p', String(port), ...question])).tail
  const conf = () => `sentinel monitor ${MASTER} 127.0.0.1 ${master} 2
sentinel down-after-milliseconds ${MASTER} 1000
sentinel failover-timeout ${MASTER} 5000`
  // A sentinel asks the master for its replicas every 10 s only. One that knows none cannot fail over to it.
  const isReplicated = async () => (await ask(master, 'info', 'replication')).includes('state=online')
  const isComplete = async ({ port }: RedisServer) => {
    const known = await ask(port, 'sentinel', 'master', MASTER)
    return known.includes('num-slaves\n1\n') && known.includes('num-other-sentinels\n2\n')
  }
  let sentinels: readonly RedisServer[] = []
  try {
    servers.push(await startRedis({ args: ['--replicaof', '127.0.0.1', String(master)] }))
    await until(isReplicated, 'the replica does not connect to its master')
    sentinels = await startAll([1, 2, 3].map(() => async () => ({ conf })))
    servers.push(...sentinels)
    const areComplete = async () => (await Promise.all(sentinels.map(isComplete))).every(Boolean)
    await until(areComplete, 'the sentinels do not find each other and the replica')
  } catch (error) {
    await closeAll(servers)
    throw error
  }
  const masterPort = async () => {
    const address = await ask(sentinels[0]?.port ?? 0, 'sentinel', 'get-master-addr-by-name', MASTER)
    return Number(address.split('\n')[1])
  }
  return {
    servers,
    masterPort,
    failedOver: (from) => failedOver(servers, masterPort, from),
    address: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    close: () => closeAll(servers),
  }
}

/** Three masters with a replica each. */
export async function startRedisCluster(): Promise<FailoverGroup> {
  const servers = await startAll(Array.from({ length: 6 }, () => clusterNode))
  const nodes = servers.map(({ port }) => `127.0.0.1:${port}`)
  await joinCluster(servers, nodes).catch(async (error: unknown) => {
    await closeAll(servers)
    throw error
  })
  const masterPort = async () => {
    const { tail } = await run('redis-cli', ['-p', String(servers[0]?.port), 'cluster', 'nodes'])
    return masterOfSlot(tail, SESSION_SLOT)
  }
  return {
    servers,
    masterPort,
    failedOver: (from) => failedOver(servers, masterPort, from),
    address: `redis+cluster://${nodes.slice(0, 3).join(',')}`,
    close: () => closeAll(servers),
  }
}

/** The usual port between the nodes is 10,000 above the other one: among the ports of outgoing connections. */
async function clusterNode(): Promise<RedisServerOptions> {
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
  return { args: [...args, '--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0'] }
}

async function joinCluster(servers: readonly RedisServer[], nodes: readonly string[]): Promise<void> {
  const options = ['--cluster-replicas', '1', '--cluster-yes']
  // It waits without a limit for nodes that do not find each other.
  const made = await run('redis-cli', ['--cluster', 'create', ...nodes, ...options], { seconds: 60 })
  if (!made.ok) throw new Error(`the cluster could not be created:\n${made.tail}`)
  const ask = async ({ port }: RedisServer, ...question: string[]) =>
    (await run('redis-cli', ['-p', String(port), ...question])).tail
  // A replica that has no copy yet would take over as well, and its master's sessions would be gone.
  const isUp = async (server: RedisServer) =>
    (await ask(server, 'cluster', 'info')).includes('cluster_state:ok') &&
    /^(?:role:master|master_link_status:up)\r?$/m.test(await ask(server, 'info', 'replication'))
  await until(async () => (await Promise.all(servers.map(isUp))).every(Boolean), 'the cluster did not become ready')
}

/** Starts all servers, or none: one that stays behind would keep the tests from ending. */
async function startAll(wanted: readonly (() => Promise<RedisServerOptions>)[]): Promise<RedisServer[]> {
  const started = await Promise.allSettled(wanted.map(async (options) => startRedis(await options())))
  const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = started.find((result) => result.status === 'rejected')
  if (failed === undefined) return servers
  await closeAll(servers)
  throw failed.reason
}

/** @param nodes `CLUSTER NODES`: id, address:port@bus, flags, master, ping, pong, epoch, state, slots */
function masterOfSlot(nodes: string, slot: number): number {
  for (const line of nodes.split('\n')) {
    const [, address = '', flags = '', , , , , , ...slots] = line.split(' ')
    const holds = slots.some((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return first !== undefined && last !== undefined && first <= slot && slot <= last
    })
    if (holds && flags.includes('master')) return Number(/:(\d+)@/.exec(address)?.[1])
  }
  throw new Error(`no master has slot ${slot}:\n${nodes}`)
}

async function failedOver(servers: readonly RedisServer[], masterPort: () => Promise<number>, from: number) {
  const moved = async () => (await masterPort()) !== from
  await until(moved, 'no other server became the master', 60_000).catch((error: Error) => {
    const logs = servers.map(({ port, log }) => `${port}:\n${log()}`)
    throw new Error(`${error.message}. The ends of the logs:\n${logs.join('\n')}`)
  })
}

const closeAll = async (servers: readonly RedisServer[]) => {
  await Promise.all(servers.map((server) => server.close()))
}

async function until(holds: () => Promise<boolean>, otherwise: string, withinMs = 30_000): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(200)) {
    if (await holds()) return
  }
  throw new Error(otherwise)
}

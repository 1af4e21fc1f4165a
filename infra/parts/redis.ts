import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type Background, sendSignal, startBackground, tailOf } from './background.ts'
import { ensureDebian } from './debian.ts'
import { freePort, isListening } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'

/** Commands for real Redis servers, sentinels and clusters. */
export const REDIS_COMMANDS = [
  { command: 'redis-server', debianPackage: 'redis-server' },
  { command: 'redis-cli', debianPackage: 'redis-tools' },
]

export interface RedisServerOptions {
  readonly port?: number
  /** Lines of a redis.conf as arguments: `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
  /** A configuration file instead of arguments, for a server that rewrites it, such as a sentinel. */
  readonly conf?: (port: number) => string
  readonly progress?: Progress
}

export interface RedisServer {
  readonly port: number
  readonly folder: string
  /** The last lines of its log. */
  log(): string
  /** SIGSTOP suspends the server, SIGCONT resumes it. */
  signal(name: NodeJS.Signals): void
  /** Kills the server like a crash. What it appended to its file stays. */
  crash(): Promise<void>
  /** Starts it again on the same port with the same files. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** A redis-server on a free loopback port that appends every write to a file. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { progress = toStderr } = options
  await ensureDebian(REDIS_COMMANDS, progress)
  const port = options.port ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'modelops-redis-'))
  const args = argumentsOf(options, port, folder)
  const start = () =>
    startBackground({
      name: 'Redis',
      command: 'redis-server',
      args,
      logFile: join(folder, 'redis.log'),
      readyUrl: () => responds(port),
      readySeconds: 20,
    })
  let server: Background | undefined = await start()
  const crash = async () => {
    const running = server
    server = undefined
    if (running === undefined) return
    sendSignal(-running.pid, 'SIGKILL')
    await running.stopped
  }
  return {
    port,
    folder,
    log: () => tailOf(join(folder, 'redis.log')),
    signal: (name) => void (server && sendSignal(-server.pid, name)),
    crash,
    async restart() {
      server = await start()
    },
    async close() {
      await crash()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * The file is written, but not synced: Redis holds a write back while a sync of a busy disk goes on, and a crash loses it then.
 * What a process has written stays when it is killed.
 */
const USUAL = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'no']

function argumentsOf({ args = [], conf }: RedisServerOptions, port: number, folder: string): string[] {
  if (conf === undefined) return [...USUAL, '--dir', folder, '--port', String(port), ...args]
  const file = join(folder, 'sentinel.conf')
  writeFileSync(file, `${conf(port)}\nport ${port}\nbind 127.0.0.1\ndir ${folder}\n`)
  return [file, '--sentinel']
}

/** Whether the server responds in any way: it may require a password or TLS, and closes a plain connection then. */
async function responds(port: number): Promise<boolean> {
  // A port that nothing listens on yet would look like a connection that the server has closed.
  if (!(await isListening(port))) return false
  const probe = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null })
  probe.on('error', () => undefined)
  try {
    await probe.connect()
    await probe.ping()
    return true
  } catch (error) {
    return error instanceof Error && /NOAUTH|WRONGPASS|closed/.test(error.message)
  } finally {
    probe.disconnect()
  }
}

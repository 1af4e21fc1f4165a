import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from './background.ts'
import { installDebian } from './debian.ts'
import { freePort } from './ports.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

const VERSIONS = '/usr/lib/postgresql'

/** The folder with PostgreSQL's programs: the newest of Debian, or the one in `POSTGRES_BIN`. @throws PartMissing */
export async function ensurePostgres(progress: Progress = toStderr): Promise<string> {
  if (installed() === undefined) await installDebian(['postgresql'], progress)
  const found = installed()
  if (found === undefined)
    throw new PartMissing('Missing on this machine: PostgreSQL. Install with: apt-get install postgresql')
  return found
}

function installed(): string | undefined {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a)) : []
  const places = [process.env.POSTGRES_BIN ?? '', ...versions.map((version) => join(VERSIONS, version, 'bin'))]
  return places.find((place) => place !== '' && existsSync(join(place, 'initdb')))
}

export interface Postgres {
  /** Creates an empty database. Resolves to its URL. */
  createDatabase(name: string): Promise<string>
  /** Runs one of PostgreSQL's own client programs against the cluster, e.g. `pg_dump`. */
  client(program: string, args: readonly string[]): Promise<{ ok: boolean; tail: string }>
  /** Kills the server like a crash. Its files stay. */
  crash(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
  /** Stops the server and removes its files. */
  close(): Promise<void>
}

/** A cluster in a temporary folder, on a free loopback port. PostgreSQL rejects root, so root switches to another user. */
export async function startPostgres(progress: Progress = toStderr): Promise<Postgres> {
  const bin = await ensurePostgres(progress)
  const folder = mkdtempSync(join(tmpdir(), 'modelops-postgres-'))
  const port = await freePort()
  const data = join(folder, 'data')
  const asServer = serverUser(folder)
  const made = await run(...asServer(join(bin, 'initdb'), ['-D', data, '-U', 'modelops', '-A', 'trust', '-E', 'UTF8']))
  if (!made.ok) throw new Error(`initdb failed:\n${made.tail}`)

  const connection = ['-h', '127.0.0.1', '-p', String(port), '-U', 'modelops']
  const ready = async () => (await run(join(bin, 'pg_isready'), connection)).ok
  const start = () => {
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', `unix_socket_directories=${folder}`]
    const [command, args] = asServer(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings])
    return startBackground({
      name: 'PostgreSQL',
      command,
      args,
      logFile: join(folder, 'postgres.log'),
      readyUrl: ready,
      readySeconds: 60,
    })
  }
  let server: Background | undefined = await start()
  const crash = async () => {
    await run(...asServer(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop']))
    await server?.close()
    server = undefined
  }
  return {
    async createDatabase(name) {
      const { ok, tail } = await run(join(bin, 'createdb'), [...connection, name])
      if (!ok) throw new Error(`createdb failed:\n${tail}`)
      return `postgresql://modelops@127.0.0.1:${port}/${name}`
    },
    client: (program, args) => run(join(bin, program), [...connection, ...args]),
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

type Command = [command: string, args: string[]]

/** How to run a program as a user that PostgreSQL accepts and that owns the folder. */
function serverUser(folder: string): (program: string, args: readonly string[]) => Command {
  if (userInfo().uid !== 0) return (program, args) => [program, [...args]]
  const { uid, gid } = accountOf('postgres')
  chownSync(folder, uid, gid)
  return (program, args) => ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args]]
}

function accountOf(name: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new PartMissing(`Missing on this machine: the user ${name}. Create it, or run as another user than root.`)
  return { uid: Number(uid), gid: Number(gid) }
}

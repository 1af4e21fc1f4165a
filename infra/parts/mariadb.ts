import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startBackground } from './background.ts'
import { ensureDebian } from './debian.ts'
import { freePort } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

export const MARIADB_COMMANDS = [
  { command: 'mariadbd', debianPackage: 'mariadb-server' },
  { command: 'mariadb-install-db', debianPackage: 'mariadb-server' },
  { command: 'mariadb', debianPackage: 'mariadb-client' },
]
const MAX_OUTPUT_BYTES = 2 ** 27

export interface Mariadb {
  /** SQLAlchemy's URL of an empty database, for the driver PyMySQL. */
  readonly url: string
  /** Runs statements in it. Resolves to the rows, each as its columns separated by tabs. */
  query(sql: string): Promise<readonly string[]>
  /** Stops the server and removes its files. */
  close(): Promise<void>
}

/** A server in a temporary folder, on a free loopback port. Root switches to the package's own user. @throws PartMissing */
export async function startMariadb(progress: Progress = toStderr): Promise<Mariadb> {
  await ensureDebian(MARIADB_COMMANDS, progress)
  const folder = mkdtempSync(join(tmpdir(), 'modelops-mariadb-'))
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')]
  const port = await freePort()
  const asUser = userInfo().uid === 0 ? ['--user=mysql'] : []
  if (asUser.length > 0) await run('chown', ['mysql', folder])
  const options = ['--no-defaults', `--datadir=${data}`, ...asUser]
  const made = await run('mariadb-install-db', [
    ...options,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ])
  if (!made.ok) throw new Error(`mariadb-install-db failed:\n${made.tail}`)

  const client = ['--no-defaults', '--user=root', `--socket=${socket}`, '--batch', '--skip-column-names', '--raw']
  const server = await startBackground({
    name: 'MariaDB',
    command: 'mariadbd',
    args: [...options, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1', '--skip-name-resolve'],
    logFile: join(folder, 'mariadb.log'),
    readyUrl: async () => (await run('mariadb', [...client, '-e', 'SELECT 1'])).ok,
    readySeconds: 60,
  })
  const execute = async (sql: string, database: readonly string[]) => {
    const { stdout } = await promisify(execFile)('mariadb', [...client, '-e', sql, ...database], {
      maxBuffer: MAX_OUTPUT_BYTES,
    })
    return stdout.split('\n').filter((line) => line !== '')
  }
  await execute(
    `CREATE DATABASE mlflow CHARACTER SET utf8mb4; CREATE USER modelops@127.0.0.1; GRANT ALL ON mlflow.* TO modelops@127.0.0.1`,
    [],
  )
  return {
    url: `mysql+pymysql://modelops@127.0.0.1:${port}/mlflow`,
    query: (sql) => execute(sql, ['mlflow']),
    async close() {
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

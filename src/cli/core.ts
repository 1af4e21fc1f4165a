import { Command } from 'commander'
import { openApiDocument } from '../core-api/api/openapi.ts'
import { backupSqlite } from '../core-api/backup.ts'
import { type CoreConfig, loadCoreConfig } from '../core-api/config.ts'
import { buildCoreLog } from '../core-api/log.ts'
import { rotateTokens } from '../core-api/rotate.ts'
import { buildDeps, startCore } from '../core-api/service.ts'
import { StorageDown } from '../core-api/store/failure.ts'
import { openStorage } from '../core-api/store/open.ts'
import { systemClock } from '../shared/clock.ts'
import { CliError, messageOf } from './cli-error.ts'

/** `core`: the core API, a service of its own, and what its operator needs. */
export function coreCommand(): Command {
  const core = new Command('core')
    .description('run the core API: projects and dataset connections; SIGTERM drains')
    .option('--config <file>', 'configuration of the core API (YAML)')
    .configureHelp({ showGlobalOptions: true })
  core.action(() => serve(loadCoreConfig(configOf(core)), configOf(core)))
  core
    .command('rotate-token')
    .description('seal every connection under encryption.token; may be interrupted and started again')
    .action(() => rotateToken(loadCoreConfig(configOf(core))))
  core
    .command('backup')
    .description('copy the SQLite database while it is in use; what is sealed stays sealed')
    .requiredOption('--out <file>', 'file to write')
    .action(({ out }: { out: string }) => backUp(loadCoreConfig(configOf(core)), out))
  core
    .command('openapi')
    .description('print the OpenAPI document')
    .action(() => console.log(JSON.stringify(openApiDocument(), undefined, 2)))
  return core
}

/** `--config` is the whole family's, wherever among the words it stands. */
function configOf(core: Command): string {
  const { config } = core.opts<{ config?: string }>()
  if (config === undefined) throw new CliError("required option '--config <file>' not specified")
  return config
}

async function serve(config: CoreConfig, file: string): Promise<void> {
  const log = buildCoreLog(config)
  const service = await reaching(() => startCore(config, log, systemClock))
  console.error(`modelops-gateway core ready at ${service.url} (configuration ${file})`)
  let stopping: Promise<void> | undefined
  const stop = (signal: string) => {
    if (stopping) return
    log.info({ event: 'draining', signal }, 'no new connections; requests in flight are finished')
    stopping = service.close().then(() => log.flush())
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  process.once('SIGINT', () => stop('SIGINT'))
}

async function rotateToken(config: CoreConfig): Promise<void> {
  const log = buildCoreLog(config)
  const storage = await reaching(() => openStorage(config.storage, log))
  try {
    const deps = await buildDeps({ config, log, clock: systemClock, storage })
    const { resealed, unreadable } = await reaching(() =>
      rotateTokens(deps, (count) => console.error(`${count} connections sealed anew ...`)),
    )
    console.error(`${resealed} connections sealed anew; all readable ones are under encryption.token.`)
    if (unreadable.length > 0)
      throw new CliError(`No configured token reads these; they were left as they are: ${unreadable.join(', ')}`)
  } finally {
    await storage.close()
    log.flush()
  }
}

async function backUp({ storage }: CoreConfig, out: string): Promise<void> {
  if (!storage.url.startsWith('sqlite:'))
    throw new CliError('storage.url: expected sqlite:PATH, got PostgreSQL; use pg_dump for it')
  try {
    await backupSqlite(storage.url.slice('sqlite:'.length), out)
  } catch (cause) {
    throw new CliError(`no backup was made: ${messageOf(cause)}`, { cause })
  }
}

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StorageDown)) throw error
    throw new CliError(`storage.url: the storage cannot be reached (${error.message})`, { cause: error })
  }
}

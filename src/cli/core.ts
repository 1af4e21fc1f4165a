import { Command } from 'commander'
import { operations } from '../core-api/api/index.ts'
import { type CoreConfig, loadCoreConfig } from '../core-api/config.ts'
import { rotateToken } from '../core-api/crypto/rotate-token.ts'
import { buildCoreLog } from '../core-api/log.ts'
import { openApiDocument } from '../core-api/operation/openapi.ts'
import { buildDeps, startCore } from '../core-api/service.ts'
import { backupSqlite } from '../core-api/store/backup-sqlite.ts'
import { eraseFreeSpace } from '../core-api/store/erase-free-space.ts'
import { openStorage, type Storage } from '../core-api/store/open.ts'
import { StorageDown } from '../core-api/store/storage-errors.ts'
import { systemClock } from '../shared/clock.ts'
import { messageOf } from '../shared/message-of.ts'
import { CliError } from './cli-error.ts'

/** `core`: the core API, which is a separate service, and its maintenance commands. */
export function coreCommand(): Command {
  const core = new Command('core')
    .description('run the core API for projects and dataset connections; SIGTERM drains')
    .option('--config <file>', 'configuration of the core API (YAML)')
    .configureHelp({ showGlobalOptions: true })
  core.action(() => serve(loadCoreConfig(configOf(core)), configOf(core)))
  core
    .command('rotate-token')
    .description('re-encrypt all connections with encryption.token; may be interrupted and started again')
    .option('--keep-owner-names', 'trust the owners’ user names in credentials of format 1; see the guide')
    .action((options: { keepOwnerNames?: true }) =>
      rotate(loadCoreConfig(configOf(core)), options.keepOwnerNames === true),
    )
  core
    .command('backup')
    .description('copy the SQLite database while it is in use; credentials stay encrypted')
    .requiredOption('--out <file>', 'file to write')
    .action(({ out }: { out: string }) => backUp(loadCoreConfig(configOf(core)), out))
  core
    .command('openapi')
    .description('print the OpenAPI document')
    .action(() => console.log(JSON.stringify(openApiDocument(operations), undefined, 2)))
  return core
}

/** `--config` applies to all subcommands, before or after their name. */
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
    log.info({ event: 'draining', signal }, 'accepting no new connections; finishing requests in flight')
    stopping = service.close().then(() => log.flush())
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  process.once('SIGINT', () => stop('SIGINT'))
}

async function rotate(config: CoreConfig, keepOwnerNames: boolean): Promise<void> {
  const log = buildCoreLog(config)
  const storage = await reaching(() => openStorage(config.storage, log))
  try {
    const deps = await buildDeps({ config, log, clock: systemClock, storage })
    const { reencrypted, unreadable } = await reaching(() =>
      rotateToken({ ...deps, keepOwnerNames }, (count) => console.error(`${count} connections re-encrypted ...`)),
    )
    console.error(`${reencrypted} connections re-encrypted. All readable connections now use encryption.token.`)
    await erase(storage)
    if (unreadable.length > 0)
      throw new CliError(
        `No configured token decrypts these connections, which were not changed: ${unreadable.join(', ')}`,
      )
  } finally {
    await storage.close()
    log.flush()
  }
}

async function erase({ db, kind }: Storage): Promise<void> {
  try {
    await eraseFreeSpace(db, kind)
  } catch (cause) {
    if (!(cause instanceof StorageDown)) throw cause
    const message =
      'The previous credentials may still be in the files of the database, which is busy. Run the command again.'
    throw new CliError(message, { cause })
  }
}

async function backUp({ storage }: CoreConfig, out: string): Promise<void> {
  if (!storage.url.startsWith('sqlite:'))
    throw new CliError('storage.url: expected sqlite:PATH, got PostgreSQL. Use pg_dump instead.')
  try {
    backupSqlite(storage.url.slice('sqlite:'.length), out)
  } catch (cause) {
    throw new CliError(`The backup failed: ${messageOf(cause)}`, { cause })
  }
}

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StorageDown)) throw error
    throw new CliError(`storage.url: the storage is not reachable (${error.message})`, { cause: error })
  }
}

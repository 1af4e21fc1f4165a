import { Command } from 'commander'
import { migrateFile } from './migrate.ts'

interface Options {
  config: string
  core?: true
  write?: true
}

/** Exit code if keys have previous names, and the file was not changed. */
const OUTDATED = 2

/** `config`: what changes a configuration file. */
export function configCommand(): Command {
  const config = new Command('config').description('change a configuration file')
  config
    .command('migrate')
    .description(
      'rename keys that have a new name, and show the difference; exit code 0: nothing to rename, or written, 1: an error, 2: keys to rename',
    )
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--core', 'the file is the configuration of the core API')
    .option('--write', 'replace the file; the previous one is kept beside it as FILE.bak')
    .action((options: Options) => {
      const { count, difference, backup } = migrateFile(options.config, {
        isCore: options.core === true,
        write: options.write === true,
      })
      const keys = count === 1 ? '1 key' : `${count} keys`
      if (count === 0) return console.error(`${options.config}: every key has its current name.`)
      console.log(difference)
      if (backup !== undefined)
        return console.error(`${options.config}: ${keys} renamed. The previous file is ${backup}.`)
      console.error(`${options.config}: ${keys} to rename. Nothing was changed; --write does.`)
      process.exitCode = OUTDATED
    })
  return config
}

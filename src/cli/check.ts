import { Command } from 'commander'
import { loadConfig } from '../gateway/config/load.ts'
import type { Config } from '../gateway/config/schema.ts'
import { loadProjectsFile } from '../gateway/projects/file.ts'
import { type FieldError, formatFieldError } from '../shared/settings/field-errors.ts'
import { onlineFaults } from './check-online.ts'
import { CliError } from './cli-error.ts'

/** `check`: every fault of a configuration at once; `--online` asks issuer, store and upstreams as well. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a configuration; exit 0 when it is good, 1 with every fault otherwise')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--online', 'also ask the issuer, the session store and the upstreams')
    .action(async ({ config: file, online }: { config: string; online?: boolean }) => {
      const config = loadConfig(file)
      if (config.projects.source === 'file') loadProjectsFile(config.projects.path)
      const faults = online ? await onlineFaults(config) : []
      if (faults.length > 0)
        throw new CliError(faults.map((fault: FieldError) => `${file}: ${formatFieldError(fault)}`).join('\n'))
      console.log(summary(file, config, online === true))
    })
}

const summary = (file: string, { routes, issuer }: Config, online: boolean) =>
  `${file}: good; ${routes.length} route${routes.length === 1 ? '' : 's'}, issuer ${issuer.url}${online ? ', all of them answer' : ''}`

import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { run } from '../main.ts'

/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway; prints one line with its address when ready; SIGTERM drains')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .action(async ({ config }: { config: string }) => run(loadConfig(config), config))
}

import { Command } from 'commander'
import { run } from '../gateway/runtime/run.ts'

/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains; SIGHUP reads the configuration again. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway; prints one line with its address when ready; SIGTERM drains, SIGHUP reloads')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .action(async ({ config }: { config: string }) => run(config))
}

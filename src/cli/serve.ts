import { Command } from 'commander'
import { run } from '../gateway/runtime/run.ts'
import { reportError } from './report-error.ts'

/** `serve`: runs the gateway until SIGTERM or SIGINT, then drains; SIGHUP reads the configuration again. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the gateway; prints one line with its address when ready; SIGTERM drains, SIGHUP reloads')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .action(async ({ config }: { config: string }) => {
      try {
        await run(config)
      } catch (error) {
        // Whatever was opened must not keep a process alive that does not serve: its supervisor would take it for one.
        process.exit(reportError(error))
      }
    })
}

import { Command } from 'commander'
import { packageVersion } from '../gateway/runtime/package-version.ts'

/** Each command with its module. In the order of `--help`. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./init/command.ts')).initCommand(),
  serve: async () => (await import('./serve.ts')).serveCommand(),
  check: async () => (await import('./check/command.ts')).checkCommand(),
  doctor: async () => (await import('./doctor/command.ts')).doctorCommand(),
  selftest: async () => (await import('./selftest/command.ts')).selftestCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  schema: async () => (await import('./schema.ts')).schemaCommand(),
  login: async () => (await import('./login/commands.ts')).loginCommand(),
  token: async () => (await import('./login/commands.ts')).tokenCommand(),
  whoami: async () => (await import('./login/session-commands.ts')).whoamiCommand(),
  projects: async () => (await import('./login/session-commands.ts')).projectsCommand(),
  logout: async () => (await import('./login/commands.ts')).logoutCommand(),
  env: async () => (await import('./login/commands.ts')).envCommand(),
  migrate: async () => (await import('./migrate/command.ts')).migrateCommand(),
  config: async () => (await import('./config/command.ts')).configCommand(),
  core: async () => (await import('./core.ts')).coreCommand(),
  'job-env': async () => (await import('./job-env.ts')).jobEnvCommand(),
  audit: async () => (await import('./audit/command.ts')).auditCommand(),
  version: async () =>
    new Command('version').description('print the version').action(() => console.log(packageVersion())),
}

/**
 * The command line.
 * @param first The first argument. If it names a command, no other is loaded: each takes up to a second and tens of MiB.
 */
export async function createProgram(first?: string): Promise<Command> {
  const program = new Command('modelops-gateway')
    .description(
      'OAuth2/OIDC reverse-proxy gateway for MLflow, Airflow and a core REST API, with authorization per project',
    )
    .version(packageVersion(), '--version', 'print the version')
    .showHelpAfterError()
  if (first === '--version') return program
  const named = first !== undefined && Object.hasOwn(COMMANDS, first)
  for (const name of named ? [first] : Object.keys(COMMANDS)) {
    const command = await COMMANDS[name]?.()
    if (command) program.addCommand(command)
  }
  return program
}
